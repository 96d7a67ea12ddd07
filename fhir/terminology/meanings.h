// What codes mean, for searches: :in, :not-in, :above, :below. FHIR R4: http://hl7.org/fhir/R4/search.html#token
#pragma once

#include "fhir/search/query.h"
#include "fhir/terminology/terminology.h"

namespace fhir::terminology {

class Meanings final : public search::Meanings {
 public:
  explicit Meanings(const Terminology& terminology) : terminology_(terminology) {}

  Result<std::vector<search::IndexValue>> in_value_set(std::string_view canonical, std::size_t most) const override;
  Result<std::vector<search::IndexValue>> below(std::string_view system, std::string_view code,
                                                std::size_t most) const override;
  Result<std::vector<search::IndexValue>> above(std::string_view system, std::string_view code,
                                                std::size_t most) const override;

 private:
  const Terminology& terminology_;
};

}  // namespace fhir::terminology
