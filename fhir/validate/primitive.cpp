// Primitive values by their form. FHIR R4: http://hl7.org/fhir/R4/datatypes.html#primitive
#include "fhir/definitions.h"
#include "fhir/utf8.h"
#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

std::string_view form_of(Primitive primitive) {
  switch (primitive) {
    case Primitive::boolean:
      return "true or false";
    case Primitive::integer:
      return "a whole number from -2147483648 to 2147483647";
    case Primitive::positiveInt:
      return "a whole number from 1 to 2147483647";
    case Primitive::unsignedInt:
      return "a whole number from 0 to 2147483647";
    case Primitive::decimal:
      return "a decimal number";
    case Primitive::code:
      return "a code: not empty, single blanks only between other characters";
    case Primitive::id:
      return "an id: 1 to 64 letters, digits, '-' and '.'";
    case Primitive::uri:
    case Primitive::url:
    case Primitive::canonical:
      return "an address without white space";
    case Primitive::oid:
      return "an OID such as urn:oid:1.2.3";
    case Primitive::uuid:
      return "a UUID in small letters such as "
             "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
    case Primitive::base64Binary:
      return "base64 with its padding";
    case Primitive::instant:
      return "a time that exists, with seconds and zone, such as "
             "2015-02-07T13:28:17.239+02:00";
    case Primitive::date:
      return "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD";
    case Primitive::dateTime:
      return "a date that exists: YYYY, YYYY-MM, YYYY-MM-DD or "
             "YYYY-MM-DDThh:mm:ss with a zone (Z or +hh:mm)";
    case Primitive::time:
      return "a time of day: hh:mm:ss";
    case Primitive::string:
    case Primitive::markdown:
    case Primitive::xhtml:
    case Primitive::none:
      return "text: not empty, at most 1,048,576 characters, no control "
             "characters but tab and line ends";
  }
  return "";
}

}  // namespace

std::optional<std::string> primitive_fault(Primitive primitive, std::string_view text) {
  if (valid(primitive, text)) return std::nullopt;
  return quoted(text) + " is not " + std::string(form_of(primitive));
}

}  // namespace fhir::validate
