// What a C++ program does with stubs generated from proto/: client PORT CA-FILE KEY-FILE
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tally/v1/customer_service.grpc.pb.h"
#include "tally/v1/entitlement_service.grpc.pb.h"
#include "tally/v1/usage_service.grpc.pb.h"

using namespace tally::v1;
using Clock = std::chrono::system_clock;

static int passed, failed;

static void expect(const char *what, bool good, const grpc::Status &status = grpc::Status::OK) {
    if (good) {
        passed++;
    } else {
        failed++;
        std::cout << "FAILED " << what << " " << status.error_message() << std::endl;
    }
}

static std::string contents(const char *path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

static std::string reason(const grpc::Status &status) {
    google::rpc::Status rich;
    google::rpc::ErrorInfo info;
    if (!rich.ParseFromString(status.error_details())) return "";
    for (const auto &detail : rich.details())
        if (detail.UnpackTo(&info)) return info.reason();
    return "";
}

static double remaining(const WatchCustomerResponse &update) {
    for (const auto &balance : update.customer().balances())
        if (balance.feature_id() == "messages") return balance.remaining();
    return -1;
}

struct Client {
    std::shared_ptr<grpc::Channel> channel;
    std::string key;
    std::string customer = "cpp-" + std::to_string(Clock::now().time_since_epoch().count());
    std::unique_ptr<CustomerService::Stub> customers = CustomerService::NewStub(channel);
    std::unique_ptr<EntitlementService::Stub> entitlements = EntitlementService::NewStub(channel);
    std::unique_ptr<UsageService::Stub> usage = UsageService::NewStub(channel);

    std::unique_ptr<grpc::ClientContext> context(int milliseconds = 10000) const {
        auto made = std::make_unique<grpc::ClientContext>();
        made->set_deadline(Clock::now() + std::chrono::milliseconds(milliseconds));
        if (!key.empty()) made->AddMetadata("authorization", "Bearer " + key);
        return made;
    }

    grpc::Status check(CheckResponse *reply, const std::string &id, double quantity = 1) const {
        CheckRequest request;
        request.set_customer_id(id);
        request.set_feature_id("messages");
        if (quantity != 1) request.set_required_quantity(quantity);
        return entitlements->Check(context().get(), request, reply);
    }

    TrackRequest report(const std::string &suffix, double value) const {
        TrackRequest request;
        request.set_customer_id(customer);
        request.set_feature_id("messages");
        request.set_value(value);
        request.set_request_id(customer + suffix);
        return request;
    }

    void unary() const {
        GetOrCreateCustomerRequest request;
        GetOrCreateCustomerResponse first, second;
        request.set_customer_id(customer);
        auto status = customers->GetOrCreateCustomer(context().get(), request, &first);
        customers->GetOrCreateCustomer(context().get(), request, &second);
        expect("a customer is created once", first.created() && !second.created() &&
               second.customer().customer_id() == customer, status);

        CheckResponse allowed, denied, none;
        status = check(&allowed, customer);
        expect("a check is allowed", allowed.allowed() && allowed.balance().remaining() == 100 &&
               allowed.reason() == CHECK_REASON_INCLUDED, status);
        status = check(&denied, customer, 1000);
        expect("a check for too much is not", !denied.allowed() &&
               denied.reason() == CHECK_REASON_INSUFFICIENT_BALANCE, status);

        TrackResponse once, twice;
        status = usage->Track(context().get(), report("-1", 30), &once);
        usage->Track(context().get(), report("-1", 30), &twice);
        expect("usage counts once", !once.replayed() && twice.replayed() &&
               once.balance().remaining() == 70 && twice.balance().remaining() == 70, status);

        status = check(&none, "nobody");
        expect("a refusal tells its reason", status.error_code() == grpc::StatusCode::NOT_FOUND &&
               reason(status) == "CUSTOMER_NOT_FOUND", status);
        status = Client{channel, ""}.check(&none, customer);
        expect("a call without a key is refused",
               status.error_code() == grpc::StatusCode::UNAUTHENTICATED, status);
    }

    void streamTrack() const {
        auto context = this->context();
        auto stream = usage->StreamTrack(context.get());
        std::thread writer([&] {
            for (int number = 0; number < 20; number++) {
                StreamTrackRequest request;
                *request.mutable_track() = report("-stream-" + std::to_string(number), 1);
                stream->Write(request);
            }
            stream->WritesDone();
        });
        StreamTrackResponse answer;
        int count = 0;
        bool ordered = true;
        double left = 0;
        for (; stream->Read(&answer); count++) {
            ordered &= answer.request_id() == customer + "-stream-" + std::to_string(count);
            left = answer.tracked().balance().remaining();
        }
        writer.join();
        auto status = stream->Finish();
        expect("reports in a stream are answered in order",
               status.ok() && ordered && count == 20 && left == 50, status);
    }

    void watches() const {
        WatchCustomerRequest request;
        WatchCustomerResponse before, after, none;
        request.set_customer_id(customer);
        auto context = this->context();
        auto stream = entitlements->WatchCustomer(context.get(), request);
        stream->Read(&before);
        TrackResponse tracked;
        usage->Track(this->context().get(), report("-2", 5), &tracked);
        stream->Read(&after);
        context->TryCancel();
        while (stream->Read(&none)) {}
        auto status = stream->Finish();
        expect("a watch shows a change, until it is cancelled", remaining(before) == 50 &&
               remaining(after) == 45 && status.error_code() == grpc::StatusCode::CANCELLED,
               status);

        auto brief = this->context(300);
        stream = entitlements->WatchCustomer(brief.get(), request);
        while (stream->Read(&none)) {}
        status = stream->Finish();
        expect("a deadline ends a watch",
               status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED, status);
    }
};

int main(int, char **arguments) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = contents(arguments[2]);
    auto channel = grpc::CreateChannel(
        std::string("localhost:") + arguments[1], grpc::SslCredentials(options));
    Client client{channel, contents(arguments[3])};
    client.unary();
    client.streamTrack();
    client.watches();
    std::cout << passed << " passed, " << failed << " failed" << std::endl;
    return failed > 0;
}
