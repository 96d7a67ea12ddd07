// References between the entries of a transaction. FHIR R4: http://hl7.org/fhir/R4/http.html#trules
#include "src/rest/references.h"

#include "fhir/definitions.h"
#include "fhir/value.h"
#include "src/net/ascii.h"

namespace alzette::rest {
namespace {

using fhir::Node;
using fhir::Primitive;

bool is_address(Primitive primitive) {
  return primitive == Primitive::uri || primitive == Primitive::url || primitive == Primitive::canonical ||
         primitive == Primitive::oid || primitive == Primitive::uuid;
}

constexpr std::string_view uuid_scheme = "urn:uuid:";

bool is_uuid(std::string_view address) { return net::same_word(address.substr(0, uuid_scheme.size()), uuid_scheme); }

// "Practitioner?identifier=…": a type, then criteria.
bool is_conditional(std::string_view reference) {
  const auto mark = reference.find('?');
  return mark != std::string_view::npos && fhir::definitions().resource(reference.substr(0, mark)) != nullptr;
}

class Rewriter {
 public:
  Rewriter(std::string_view full_url, const NewNames& names, const ResolveCriteria& resolve, fhir::Arena& arena)
      : names_(names), resolve_(resolve), arena_(arena) {
    const auto own = fhir::parse_reference(full_url);
    if (own && own->form == fhir::ReferenceLiteral::Form::absolute && !own->type.empty()) base_ = own->base;
  }

  // Depth is bounded by the parser.
  fhir::Result<bool> walk(Node& node) {
    const bool reference = node.type && node.type->name.view() == "Reference";
    for (Node* child = node.first; child; child = child->next) {
      if (child->form == Node::Form::string && child->type) {
        if (reference && child->name == "reference") {
          if (auto done = rewrite_reference(*child); !done) return done;
        } else if (is_address(child->type->primitive)) {
          rewrite_address(*child);
        } else if (child->type->primitive == Primitive::xhtml) {
          rewrite_narrative(*child);
        }
      }
      if (child->first)
        if (auto done = walk(*child); !done) return done;
    }
    return true;
  }

 private:
  std::string_view new_name(std::string_view old) const {
    const auto found = names_.find(old);
    return found == names_.end() ? std::string_view{} : found->second;
  }

  fhir::Result<bool> rewrite_reference(Node& node) {
    if (is_conditional(node.text)) {
      auto target = resolve_(node.text);
      if (!target) return std::move(target.outcome());
      node.text = *target;
      return true;
    }
    rewrite_address(node);
    const auto literal = fhir::parse_reference(node.text);
    if (!literal || literal->type.empty()) return true;
    const bool relative = literal->form == fhir::ReferenceLiteral::Form::relative;
    if (relative ? base_.empty() : literal->version.empty()) return true;
    const auto own = std::string(literal->type) + "/" + std::string(literal->id);
    const auto name = new_name(std::string(relative ? base_ : literal->base) + "/" + own);
    // Whose name stays, its versions are those of this server.
    if (!name.empty() && (literal->version.empty() || name != own)) node.text = name;
    return true;
  }

  // A fragment or |version stays behind the new name.
  void rewrite_address(Node& node) {
    const auto end = node.text.find_first_of("#|");
    const auto name = new_name(node.text.substr(0, end));
    if (name.empty()) return;
    const auto form = node.type->primitive;
    if (form == Primitive::oid || form == Primitive::uuid) node.type = uri_;  // what stands there now is neither
    node.text = end == std::string_view::npos ? name : arena_.copy(std::string(name).append(node.text.substr(end)));
  }

  void rewrite_narrative(Node& node) {
    std::string text;
    std::size_t done = 0;
    for (auto at = node.text.find('='); at != std::string_view::npos; at = node.text.find('=', at)) {
      if (++at == node.text.size()) break;
      const char quote = node.text[at];
      if (quote != '"' && quote != '\'') continue;
      const auto end = node.text.find(quote, ++at);
      if (end == std::string_view::npos) break;
      const auto name = new_name(node.text.substr(at, end - at));
      if (!name.empty()) {
        text.append(node.text.substr(done, at - done)).append(name);
        done = end;
      }
      at = end;
    }
    if (done) node.text = arena_.copy(text.append(node.text.substr(done)));
  }

  const NewNames& names_;
  const ResolveCriteria& resolve_;
  fhir::Arena& arena_;
  const fhir::Type* uri_ = fhir::definitions().type("uri");
  std::string_view base_;
};

}  // namespace

std::size_t AddressHash::operator()(std::string_view address) const {
  const std::hash<std::string_view> hash;
  if (!is_uuid(address)) return hash(address);
  std::string small(address);
  for (auto& c : small) c = net::lower(c);
  return hash(small);
}

bool SameAddress::operator()(std::string_view a, std::string_view b) const {
  return a == b || (is_uuid(a) && net::same_word(a, b));
}

fhir::Result<bool> rewrite_references(Node& resource, std::string_view full_url, const NewNames& names,
                                      const ResolveCriteria& resolve, fhir::Arena& arena) {
  return Rewriter(full_url, names, resolve, arena).walk(resource);
}

}  // namespace alzette::rest
