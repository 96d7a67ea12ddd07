// The HL7 v2 door.
#include "src/hl7v2.h"

#include <atomic>
#include <exception>
#include <string_view>
#include <vector>

#include "ihe/hl7v2.h"
#include "ihe/hl7v2_batch.h"
#include "src/clock.h"
#include "src/log.h"
#include "src/metrics.h"

namespace alzette {
namespace {

namespace v2 = ihe::hl7v2;

// How an answer begins after its MSH says what became of the message: "AA", "AE", "AR", "CA" …
std::string_view code_of(std::string_view answer) {
  const auto msa = answer.find("\rMSA");
  return msa == std::string_view::npos ? std::string_view("none") : answer.substr(msa + 5, 2);
}

void measure(std::string_view transaction, std::string_view answer, clock::Monotonic::time_point start) {
  static const metrics::Histogram time("alzette_hl7v2_seconds", "From a complete message to its answer");
  time.observe(clock::microseconds_since(start));
  const std::string labels =
      "transaction=\"" + std::string(transaction) + "\",answer=\"" + std::string(code_of(answer)) + "\"";
  metrics::Counter("alzette_hl7v2_messages_total", "HL7 v2 messages answered", labels).add();
}

}  // namespace

// A batch while its messages run, one after the other as a connection's do.
struct Hl7v2Door::Batch {
  std::string bytes;  // that `read` has views of
  v2::ReadBatch read;
  std::vector<std::string_view> messages;
  std::vector<std::string> answers;
  std::string peer;
  net::MllpHandler::Respond respond;
};

void Hl7v2Door::handle(const std::string& bytes, std::string peer, net::MllpHandler::Respond respond) {
  if (!v2::is_batch(bytes)) return answer(bytes, std::move(peer), respond);
  const auto batch = std::make_shared<Batch>();
  batch->bytes = bytes;
  batch->read = v2::read_batch(batch->bytes);
  if (!batch->read.fault.empty()) return respond(v2::refuse_frame(batch->bytes, batch->read.fault, clock::wall_ms()));
  for (const auto& group : batch->read.batch.groups)
    batch->messages.insert(batch->messages.end(), group.messages.begin(), group.messages.end());
  batch->peer = std::move(peer);
  batch->respond = std::move(respond);
  go_on(batch);
}

void Hl7v2Door::go_on(const std::shared_ptr<Batch>& batch) {
  // Whoever comes second goes on, so that answers which come at once do not pile up on the stack.
  enum Came { nobody, one };
  while (batch->answers.size() < batch->messages.size()) {
    const auto came = std::make_shared<std::atomic<Came>>(nobody);
    answer(batch->messages[batch->answers.size()], batch->peer, [this, batch, came](std::string text) {
      batch->answers.push_back(std::move(text));
      if (came->exchange(one) == one) go_on(batch);
    });
    if (came->exchange(one) == nobody) return;
  }
  batch->respond(v2::answer_batch(batch->read.batch, batch->answers));
}

void Hl7v2Door::answer(std::string_view bytes, std::string peer, const net::MllpHandler::Respond& respond) {
  const auto start = clock::Monotonic::now();
  auto received = v2::receive(bytes, clock::wall_ms());
  if (!received.row) {
    measure("none", received.refusal, start);
    return respond(std::move(received.refusal));
  }
  const auto& row = *received.row;
  auto message = v2::message_of(received.message, std::move(peer));
  exchange_.run(row, std::move(message), base_,
                [&row, start, v2_message = received.message, respond](fhir::Result<ihe::Answer> answer) {
                  auto text = answer ? v2::in_charset_of(*v2_message, std::move(answer->bytes))
                                     : v2::refuse(*v2_message, answer.outcome(), clock::wall_ms());
                  measure(row.id, text, start);
                  respond(std::move(text));
                });
}

net::MllpHandler Hl7v2Door::handler() {
  return {[this](const std::string& message, std::string peer, const net::MllpHandler::Respond& respond) {
            try {
              handle(message, std::move(peer), respond);
            } catch (const std::exception& error) {
              log::write(log::Level::error, "internal error", {{"door", "mllp"}, {"reason", error.what()}});
              respond(v2::refuse_frame(message, "The server failed; its log tells more", clock::wall_ms()));
            }
          },
          [](std::string_view start, std::string_view why) {
            measure("none", "\rMSA|AR", clock::Monotonic::now());
            return v2::refuse_frame(start, why, clock::wall_ms());
          }};
}

}  // namespace alzette
