import com.google.rpc.ErrorInfo;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import tally.v1.CustomerServiceGrpc;
import tally.v1.CustomerServiceOuterClass.GetOrCreateCustomerRequest;
import tally.v1.EntitlementServiceGrpc;
import tally.v1.EntitlementServiceOuterClass.CheckReason;
import tally.v1.EntitlementServiceOuterClass.CheckRequest;
import tally.v1.EntitlementServiceOuterClass.CheckResponse;
import tally.v1.EntitlementServiceOuterClass.WatchCustomerRequest;
import tally.v1.EntitlementServiceOuterClass.WatchCustomerResponse;
import tally.v1.UsageServiceGrpc;
import tally.v1.UsageServiceOuterClass.StreamTrackRequest;
import tally.v1.UsageServiceOuterClass.StreamTrackResponse;
import tally.v1.UsageServiceOuterClass.TrackRequest;
import tally.v1.UsageServiceOuterClass.TrackResponse;

/** What a Java program does with stubs generated from proto/: Client PORT CA-FILE KEY-FILE */
public final class Client {
    private final String customer = "java-" + UUID.randomUUID();
    private final Channel channel;
    private final ClientInterceptor key;
    private int passed;
    private int failed;

    private Client(Channel channel, String key) {
        this.channel = channel;
        Metadata metadata = new Metadata();
        metadata.put(
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
        this.key = MetadataUtils.newAttachHeadersInterceptor(metadata);
    }

    private CustomerServiceGrpc.CustomerServiceBlockingStub customers() {
        return CustomerServiceGrpc.newBlockingStub(channel).withInterceptors(key)
            .withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    private EntitlementServiceGrpc.EntitlementServiceBlockingStub entitlements() {
        return EntitlementServiceGrpc.newBlockingStub(channel).withInterceptors(key)
            .withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    private UsageServiceGrpc.UsageServiceBlockingStub usage() {
        return UsageServiceGrpc.newBlockingStub(channel).withInterceptors(key)
            .withDeadlineAfter(10, TimeUnit.SECONDS);
    }

    private interface Question {
        boolean holds() throws Exception;
    }

    private void expect(String what, Question question) {
        try {
            if (question.holds()) {
                passed++;
                return;
            }
            System.out.println("FAILED " + what);
        } catch (Exception error) {
            System.out.println("FAILED " + what + ": " + error);
        }
        failed++;
    }

    private static StatusRuntimeException refusal(Supplier<?> call) {
        try {
            throw new IllegalStateException("answered: " + call.get());
        } catch (StatusRuntimeException error) {
            return error;
        }
    }

    private static boolean ended(StatusRuntimeException error, Status.Code code) {
        return error.getStatus().getCode() == code;
    }

    private CheckRequest.Builder check(String customer) {
        return CheckRequest.newBuilder().setCustomerId(customer).setFeatureId("messages");
    }

    private TrackRequest report(String suffix, double value) {
        return TrackRequest.newBuilder().setCustomerId(customer).setFeatureId("messages")
            .setValue(value).setRequestId(customer + suffix).build();
    }

    private Iterator<WatchCustomerResponse> watch(
            EntitlementServiceGrpc.EntitlementServiceBlockingStub stub) {
        return stub.watchCustomer(
            WatchCustomerRequest.newBuilder().setCustomerId(customer).build());
    }

    private static Object drain(Iterator<?> replies) {
        while (replies.hasNext()) {
            replies.next();
        }
        return replies;
    }

    private static double remaining(WatchCustomerResponse update) {
        return update.getCustomer().getBalancesList().stream()
            .filter(balance -> balance.getFeatureId().equals("messages"))
            .findFirst().orElseThrow().getRemaining();
    }

    private static String reason(StatusRuntimeException error) throws Exception {
        for (com.google.protobuf.Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                return detail.unpack(ErrorInfo.class).getReason();
            }
        }
        return null;
    }

    private void unary() {
        expect("a customer is created once", () -> {
            GetOrCreateCustomerRequest request = GetOrCreateCustomerRequest.newBuilder()
                .setCustomerId(customer).setName("Acme").build();
            return customers().getOrCreateCustomer(request).getCreated()
                && !customers().getOrCreateCustomer(request).getCreated();
        });
        expect("a check is allowed", () -> {
            CheckResponse reply = entitlements().check(check(customer).build());
            return reply.getAllowed() && reply.getReason() == CheckReason.CHECK_REASON_INCLUDED
                && reply.getBalance().getRemaining() == 100;
        });
        expect("a check for too much is not", () -> {
            CheckResponse reply = entitlements().check(
                check(customer).setRequiredQuantity(1000).build());
            return !reply.getAllowed()
                && reply.getReason() == CheckReason.CHECK_REASON_INSUFFICIENT_BALANCE;
        });
        expect("usage counts once", () -> {
            TrackResponse once = usage().track(report("-1", 30));
            TrackResponse twice = usage().track(report("-1", 30));
            return !once.getReplayed() && once.getBalance().getRemaining() == 70
                && twice.getReplayed() && twice.getBalance().getRemaining() == 70;
        });
        expect("a refusal tells its reason", () -> {
            StatusRuntimeException error = refusal(
                () -> entitlements().check(check("nobody").build()));
            return ended(error, Status.Code.NOT_FOUND)
                && "CUSTOMER_NOT_FOUND".equals(reason(error));
        });
        expect("a call without a key is refused", () -> ended(
            refusal(() -> EntitlementServiceGrpc.newBlockingStub(channel).check(
                check(customer).build())),
            Status.Code.UNAUTHENTICATED));
    }

    /** Collects the answers of a stream until its end. */
    private static final class Answers implements StreamObserver<StreamTrackResponse> {
        final List<StreamTrackResponse> all = new ArrayList<>();
        final CountDownLatch end = new CountDownLatch(1);
        Throwable error;

        @Override public void onNext(StreamTrackResponse answer) {
            all.add(answer);
        }

        @Override public void onError(Throwable error) {
            this.error = error;
            end.countDown();
        }

        @Override public void onCompleted() {
            end.countDown();
        }
    }

    private void streams() {
        expect("reports in a stream are answered in order", () -> {
            Answers answers = new Answers();
            StreamObserver<StreamTrackRequest> reports = UsageServiceGrpc.newStub(channel)
                .withInterceptors(key).withDeadlineAfter(10, TimeUnit.SECONDS)
                .streamTrack(answers);
            for (int number = 0; number < 20; number++) {
                reports.onNext(StreamTrackRequest.newBuilder()
                    .setTrack(report("-stream-" + number, 1)).build());
            }
            reports.onCompleted();
            boolean good = answers.end.await(10, TimeUnit.SECONDS) && answers.error == null
                && answers.all.size() == 20;
            for (int number = 0; good && number < 20; number++) {
                StreamTrackResponse answer = answers.all.get(number);
                good = answer.getRequestId().equals(customer + "-stream-" + number)
                    && answer.hasTracked();
            }
            return good && answers.all.get(19).getTracked().getBalance().getRemaining() == 50;
        });
        expect("a watch shows a change, until it is cancelled", () -> {
            Context.CancellableContext context = Context.current().withCancellation();
            Iterator<WatchCustomerResponse> updates = context.call(() -> watch(entitlements()));
            double before = remaining(updates.next());
            usage().track(report("-2", 5));
            double after = remaining(updates.next());
            context.cancel(null);
            return before == 50 && after == 45
                && ended(refusal(() -> drain(updates)), Status.Code.CANCELLED);
        });
        expect("a deadline ends a watch", () -> ended(
            refusal(() -> drain(watch(
                entitlements().withDeadlineAfter(300, TimeUnit.MILLISECONDS)))),
            Status.Code.DEADLINE_EXCEEDED));
    }

    public static void main(String[] arguments) throws Exception {
        ManagedChannel channel = NettyChannelBuilder
            .forAddress("localhost", Integer.parseInt(arguments[0]))
            // Debian's Netty has no ALPN with the JDK's own TLS.
            .sslContext(GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.OPENSSL)
                .trustManager(new File(arguments[1])).build())
            .build();
        Client client = new Client(channel, Files.readString(Path.of(arguments[2])).strip());
        client.unary();
        client.streams();
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        System.out.println(client.passed + " passed, " + client.failed + " failed");
        System.exit(client.failed == 0 ? 0 : 1);
    }
}
