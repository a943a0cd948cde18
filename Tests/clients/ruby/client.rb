# What a Ruby program does with stubs generated from proto/: ruby client.rb PORT CA-FILE KEY-FILE
require 'grpc'
require 'google/protobuf/well_known_types'
require 'google/rpc/error_details_pb'
require 'google/rpc/status_pb'
require 'securerandom'
require 'tally/v1/customer_service_services_pb'
require 'tally/v1/entitlement_service_services_pb'
require 'tally/v1/usage_service_services_pb'

include Tally::V1

PORT, CA_FILE, KEY_FILE = ARGV
CREDENTIALS = GRPC::Core::ChannelCredentials.new(File.read(CA_FILE))
CHANNEL = GRPC::Core::Channel.new("localhost:#{PORT}", {}, CREDENTIALS)
KEY = { 'authorization' => "Bearer #{File.read(KEY_FILE).strip}" }.freeze
CUSTOMER = "ruby-#{SecureRandom.uuid}"
$passed = $failed = 0

def stub(service)
  service::Stub.new("localhost:#{PORT}", CREDENTIALS, channel_override: CHANNEL, timeout: 10)
end

CUSTOMERS = stub(CustomerService)
ENTITLEMENTS = stub(EntitlementService)
USAGE = stub(UsageService)

def expect(what)
  if yield
    $passed += 1
  else
    $failed += 1
    puts "FAILED #{what}"
  end
rescue StandardError => error
  $failed += 1
  puts "FAILED #{what}: #{error.class} #{error.message}"
end

def refusal
  yield
  nil
rescue GRPC::BadStatus => error
  error
end

def check(customer: CUSTOMER, **more)
  ENTITLEMENTS.check(
    CheckRequest.new(customer_id: customer, feature_id: 'messages', **more), metadata: KEY)
end

def track_request(id, value)
  TrackRequest.new(customer_id: CUSTOMER, feature_id: 'messages', value: value, request_id: id)
end

def watch(**options)
  request = WatchCustomerRequest.new(customer_id: CUSTOMER)
  ENTITLEMENTS.watch_customer(request, metadata: KEY, **options)
end

def remaining(update)
  update.customer.balances.find { |balance| balance.feature_id == 'messages' }.remaining
end

expect('a customer is created once') do
  request = GetOrCreateCustomerRequest.new(customer_id: CUSTOMER, name: 'Acme')
  [true, false] == Array.new(2) do
    CUSTOMERS.get_or_create_customer(request, metadata: KEY).created
  end
end

expect('a check is allowed') do
  reply = check
  reply.allowed && reply.reason == :CHECK_REASON_INCLUDED && reply.balance.remaining == 100
end

expect('a check for too much is not') do
  reply = check(required_quantity: 1000)
  !reply.allowed && reply.reason == :CHECK_REASON_INSUFFICIENT_BALANCE
end

expect('usage counts once') do
  replies = Array.new(2) { USAGE.track(track_request("#{CUSTOMER}-1", 30), metadata: KEY) }
  replies.map(&:replayed) == [false, true] && replies.all? { |r| r.balance.remaining == 70 }
end

expect('a refusal tells its reason') do
  error = refusal { check(customer: 'nobody') }
  infos = error.to_rpc_status.details.map { |detail| detail.unpack(Google::Rpc::ErrorInfo) }
  error.is_a?(GRPC::NotFound) && infos.compact.map(&:reason) == ['CUSTOMER_NOT_FOUND']
end

expect('a call without a key is refused') do
  request = CheckRequest.new(customer_id: CUSTOMER, feature_id: 'messages')
  refusal { ENTITLEMENTS.check(request) }.is_a?(GRPC::Unauthenticated)
end

expect('reports in a stream are answered in order') do
  ids = Array.new(20) { |number| "#{CUSTOMER}-stream-#{number}" }
  reports = ids.map { |id| StreamTrackRequest.new(track: track_request(id, 1)) }
  answers = USAGE.stream_track(reports, metadata: KEY).to_a
  answers.map(&:request_id) == ids && answers.all?(&:tracked) &&
    answers.last.tracked.balance.remaining == 50
end

expect('a watch shows a change, until it is cancelled') do
  operation = watch(return_op: true)
  seen = []
  error = refusal do
    operation.execute.each do |update|
      seen << remaining(update)
      USAGE.track(track_request("#{CUSTOMER}-2", 5), metadata: KEY) if seen.size == 1
      operation.cancel if seen.size == 2
    end
  end
  seen == [50, 45] && error.is_a?(GRPC::Cancelled)
end

expect('a deadline ends a watch') do
  refusal { watch(deadline: Time.now + 0.3).to_a }.is_a?(GRPC::DeadlineExceeded)
end

puts "#{$passed} passed, #{$failed} failed"
exit $failed.zero?
