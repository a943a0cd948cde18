// What a Go program does with stubs generated from proto/: client PORT CA-FILE KEY-FILE
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "tally/v1"
)

var passed, failed int

func expect(what string, good bool, err error) {
	if good && err == nil {
		passed++
		return
	}
	failed++
	fmt.Println("FAILED", what, err)
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

type client struct {
	customer     string
	context      context.Context
	customers    pb.CustomerServiceClient
	entitlements pb.EntitlementServiceClient
	usage        pb.UsageServiceClient
}

func (c client) check(customer string, quantity *float64) (*pb.CheckResponse, error) {
	return c.entitlements.Check(c.context, &pb.CheckRequest{CustomerId: customer,
		Subject:          &pb.CheckRequest_FeatureId{FeatureId: "messages"},
		RequiredQuantity: quantity})
}

func (c client) track(suffix string, value float64) *pb.TrackRequest {
	return &pb.TrackRequest{CustomerId: c.customer, FeatureId: "messages",
		Value: proto.Float64(value), RequestId: c.customer + suffix}
}

func (c client) watch(ctx context.Context) (pb.EntitlementService_WatchCustomerClient, error) {
	return c.entitlements.WatchCustomer(ctx, &pb.WatchCustomerRequest{CustomerId: c.customer})
}

func remaining(update *pb.WatchCustomerResponse) float64 {
	for _, balance := range update.GetCustomer().GetBalances() {
		if balance.FeatureId == "messages" {
			return balance.Remaining
		}
	}
	return -1
}

func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.Reason
		}
	}
	return ""
}

func (c client) unary() {
	request := &pb.GetOrCreateCustomerRequest{CustomerId: c.customer, Name: "Acme"}
	first, err := c.customers.GetOrCreateCustomer(c.context, request)
	must(err)
	second, err := c.customers.GetOrCreateCustomer(c.context, request)
	expect("a customer is created once", first.Created && !second.GetCreated(), err)

	asked, err := c.check(c.customer, nil)
	expect("a check is allowed", asked.GetAllowed() &&
		asked.Reason == pb.CheckReason_CHECK_REASON_INCLUDED && asked.Balance.Remaining == 100, err)
	asked, err = c.check(c.customer, proto.Float64(1000))
	expect("a check for too much is not", !asked.GetAllowed() &&
		asked.GetReason() == pb.CheckReason_CHECK_REASON_INSUFFICIENT_BALANCE, err)

	once, err := c.usage.Track(c.context, c.track("-1", 30))
	must(err)
	twice, err := c.usage.Track(c.context, c.track("-1", 30))
	expect("usage counts once", !once.Replayed && twice.GetReplayed() &&
		once.Balance.Remaining == 70 && twice.Balance.Remaining == 70, err)

	_, err = c.check("nobody", nil)
	expect("a refusal tells its reason",
		status.Code(err) == codes.NotFound && reason(err) == "CUSTOMER_NOT_FOUND", nil)
	c.context = context.Background()
	_, err = c.check(c.customer, nil)
	expect("a call without a key is refused", status.Code(err) == codes.Unauthenticated, nil)
}

func (c client) streamTrack() {
	stream, err := c.usage.StreamTrack(c.context)
	must(err)
	for number := 0; number < 20; number++ {
		track := c.track(fmt.Sprint("-stream-", number), 1)
		must(stream.Send(&pb.StreamTrackRequest{Track: track}))
	}
	must(stream.CloseSend())
	good, left := true, 0.0
	for number := 0; ; number++ {
		answer, err := stream.Recv()
		if err == io.EOF {
			good = good && number == 20
			break
		}
		must(err)
		good = good && answer.RequestId == fmt.Sprint(c.customer, "-stream-", number)
		left = answer.GetTracked().GetBalance().GetRemaining()
	}
	expect("reports in a stream are answered in order", good && left == 50, nil)
}

func (c client) watches() {
	ctx, cancel := context.WithCancel(c.context)
	stream, err := c.watch(ctx)
	must(err)
	before, err := stream.Recv()
	must(err)
	_, err = c.usage.Track(c.context, c.track("-2", 5))
	must(err)
	after, err := stream.Recv()
	must(err)
	cancel()
	_, err = stream.Recv()
	expect("a watch shows a change, until it is cancelled", remaining(before) == 50 &&
		remaining(after) == 45 && status.Code(err) == codes.Canceled, nil)

	ctx, cancel = context.WithTimeout(c.context, 300*time.Millisecond)
	defer cancel()
	stream, err = c.watch(ctx)
	must(err)
	for err == nil {
		_, err = stream.Recv()
	}
	expect("a deadline ends a watch", status.Code(err) == codes.DeadlineExceeded, nil)
}

func main() {
	authority, err := credentials.NewClientTLSFromFile(os.Args[2], "")
	must(err)
	key, err := os.ReadFile(os.Args[3])
	must(err)
	connection, err := grpc.Dial("localhost:"+os.Args[1], grpc.WithTransportCredentials(authority))
	must(err)
	defer connection.Close()
	all, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c := client{
		customer: fmt.Sprint("go-", time.Now().UnixNano()),
		context: metadata.AppendToOutgoingContext(
			all, "authorization", "Bearer "+strings.TrimSpace(string(key))),
		customers:    pb.NewCustomerServiceClient(connection),
		entitlements: pb.NewEntitlementServiceClient(connection),
		usage:        pb.NewUsageServiceClient(connection),
	}
	c.unary()
	c.streamTrack()
	c.watches()
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
