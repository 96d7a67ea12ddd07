// The HL7 v2 door.
#include "src/hl7v2.h"

#include <exception>

#include "ihe/hl7v2.h"
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

void Hl7v2Door::handle(const std::string& bytes, std::string peer, net::MllpHandler::Respond respond) {
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
  return {[this](std::string message, std::string peer, net::MllpHandler::Respond respond) {
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
