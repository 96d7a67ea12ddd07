#include "ihe/wire/schema.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>

#include "fhir/owned.h"

namespace ihe::xml {
namespace {

using fhir::Kind;
using fhir::Outcome;

using Document = fhir::Owned<xmlDoc, xmlFreeDoc>;
using Parser = fhir::Owned<xmlSchemaParserCtxt, xmlSchemaFreeParserCtxt>;
using Schema = fhir::Owned<xmlSchema, xmlSchemaFree>;
using Validator = fhir::Owned<xmlSchemaValidCtxt, xmlSchemaFreeValidCtxt>;

extern "C" {

void ignore(void*, xmlErrorPtr) {}

void keep_first(void* kept, xmlErrorPtr error) {
  auto& text = *static_cast<std::string*>(kept);
  if (!text.empty() || !error || !error->message) return;
  text = "line " + std::to_string(error->line) + ": " + error->message;
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
}
}

xmlNode* body_of(const xmlDoc& document) {
  const auto* root = xmlDocGetRootElement(&document);
  for (auto* part = root ? root->children : nullptr; part; part = part->next) {
    if (part->type != XML_ELEMENT_NODE || std::string_view(reinterpret_cast<const char*>(part->name)) != "Body")
      continue;
    for (auto* child = part->children; child; child = child->next)
      if (child->type == XML_ELEMENT_NODE) return child;
  }
  return nullptr;
}

}  // namespace

std::optional<Outcome> schema_fault(std::string_view envelope, const std::string& schema_file) {
  static const bool ready = (xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader), true);
  static_cast<void>(ready);
  const Document document(
      xmlReadMemory(envelope.data(), static_cast<int>(envelope.size()), nullptr, nullptr, XML_PARSE_NONET));
  auto* body = document ? body_of(*document) : nullptr;
  if (!body) return Outcome(Kind::malformed, "structure", "there is no body to be validated");
  const Parser parser(xmlSchemaNewParserCtxt(schema_file.c_str()));
  if (parser) xmlSchemaSetParserStructuredErrors(parser.get(), ignore, nullptr);
  const Schema schema(parser ? xmlSchemaParse(parser.get()) : nullptr);
  const Validator validator(schema ? xmlSchemaNewValidCtxt(schema.get()) : nullptr);
  if (!validator) return Outcome(Kind::internal, "exception", "the schema of this message cannot be read");
  std::string why;
  xmlSchemaSetValidStructuredErrors(validator.get(), keep_first, &why);
  if (xmlSchemaValidateOneElement(validator.get(), body) == 0) return std::nullopt;
  return Outcome(Kind::unprocessable, "structure", "the message breaks its schema, " + why);
}

}  // namespace ihe::xml
