// The numbers of the comparison: those that hold without a store to learn from, and their form as JSON.
#include <charconv>

#include "fhir/format/json.h"
#include "fhir/format/json_commas.h"
#include "fhir/node.h"
#include "ihe/match/match.h"

namespace ihe::match {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

constexpr std::array<std::string_view, fields> field_names{"family",   "given",   "birth",  "gender",
                                                           "national", "address", "telecom"};
constexpr std::array<std::string_view, 4> agreement_names{"same", "close", "part", "other"};

// Estimated by expectation and maximisation on the example nation with its deliberate errors.
constexpr std::array<std::array<Chance, 4>, fields> standard_chances{{
    {{{0.88, 0.0005}, {0.05, 0.004}, {0.03, 0.004}, {0.04, 0.991}}},        // family
    {{{0.90, 0.0050}, {0.05, 0.010}, {0.03, 0.015}, {0.02, 0.970}}},        // given
    {{{0.95, 0.00004}, {0.025, 0.0006}, {0.015, 0.0015}, {0.010, 0.998}}},  // birth
    {{{0.99, 0.5}, {0, 0}, {0, 0}, {0.01, 0.5}}},                           // gender
    {{{0.975, 0.0000001}, {0.015, 0.0001}, {0, 0}, {0.010, 0.9999}}},       // national
    {{{0.70, 0.0003}, {0.12, 0.0050}, {0.06, 0.0200}, {0.12, 0.9747}}},     // address
    {{{0.60, 0.00001}, {0, 0}, {0, 0}, {0.40, 0.99999}}},                   // telecom
}};

std::string text_of(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

bool read(const Node* node, double& value) {
  if (!node || node->form != Node::Form::number) return false;
  const auto* end = node->text.data() + node->text.size();
  return std::from_chars(node->text.data(), end, value).ptr == end;
}

Outcome wrong(std::string place) {
  return {Kind::malformed, "structure", "the weights for matching are not as `alzette match learn` writes them",
          std::move(place)};
}

void write_shares(std::string_view name, const std::unordered_map<std::string, double>& shares, std::string& out) {
  if (shares.empty()) return;
  out.append(",\n\"").append(name).append("\":{");
  fhir::json::Commas commas(out);
  for (const auto& [text, value] : shares) {
    fhir::json::write_string(text, commas.next());
    out.append(":").append(text_of(value));
  }
  out += '}';
}

bool read_shares(const Node* list, std::unordered_map<std::string, double>& shares) {
  if (!list) return true;
  for (const Node& item : *list)
    if (!read(&item, shares[std::string(item.name)])) return false;
  return true;
}

}  // namespace

const Weights& Weights::standard() {
  static const Weights weights = [] {
    Weights made;
    made.chances = standard_chances;
    return made;
  }();
  return weights;
}

std::string write_weights(const Weights& weights) {
  std::string out = "{";
  for (std::size_t f = 0; f < fields; ++f) {
    out.append(f ? ",\n\"" : "\n\"").append(field_names[f]).append("\":{");
    for (std::size_t a = 0; a < agreement_names.size(); ++a) {
      const auto [m, u] = weights.chances[f][a];
      out.append(a ? ",\"" : "\"").append(agreement_names[a]).append("\":{\"m\":").append(text_of(m));
      out.append(",\"u\":").append(text_of(u)).append("}");
    }
    out += '}';
  }
  out.append(",\n\"rareName\":").append(text_of(weights.rare_name));
  out.append(",\"certain\":")
      .append(text_of(weights.certain))
      .append(",\"probable\":")
      .append(text_of(weights.probable));
  out.append(",\"possible\":").append(text_of(weights.possible));
  write_shares("families", weights.families, out);
  write_shares("givens", weights.givens, out);
  return out + "}\n";
}

fhir::Result<Weights> read_weights(std::string_view json) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(json, arena, {.members = 1'000'000});
  if (!root) return root.outcome();
  Weights weights;
  for (std::size_t f = 0; f < fields; ++f)
    for (std::size_t a = 0; a < agreement_names.size(); ++a) {
      const Node* field = (*root)->child(field_names[f]);
      const Node* chance = field ? field->child(agreement_names[a]) : nullptr;
      auto& [m, u] = weights.chances[f][a];
      if (!chance || !read(chance->child("m"), m) || !read(chance->child("u"), u))
        return wrong(std::string(field_names[f]));
    }
  const bool whole =
      read((*root)->child("rareName"), weights.rare_name) && read((*root)->child("certain"), weights.certain) &&
      read((*root)->child("probable"), weights.probable) && read((*root)->child("possible"), weights.possible);
  if (!whole) return wrong("rareName, certain, probable, possible");
  if (!read_shares((*root)->child("families"), weights.families) ||
      !read_shares((*root)->child("givens"), weights.givens))
    return wrong("families, givens");
  return weights;
}

}  // namespace ihe::match
