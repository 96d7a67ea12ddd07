// Words about rows.
#include "ihe/transaction.h"

namespace ihe {

std::string_view word_of(Door door) {
  switch (door) {
    case Door::mllp:
      return "HL7 v2 over MLLP";
    case Door::soap:
      return "SOAP";
  }
  return "";
}

}  // namespace ihe
