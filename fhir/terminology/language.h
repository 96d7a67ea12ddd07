// Which of several displays a client wants: ranges with weights as in Accept-Language.
// RFC 9110 section 12.5.4, RFC 4647 section 3 (basic filtering); BCP 47.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fhir::terminology {

class Languages {
 public:
  Languages() = default;
  // "de, en;q=0.5, *;q=0". Nothing when it is no list of language ranges.
  static std::optional<Languages> parse(std::string_view text);

  bool any() const { return !ranges_.empty(); }
  std::string text() const;   // as parsed, written alike: "de, *; q=0"
  std::string names() const;  // without weights, as a message says it: "de,it"; "--" for none

  // How well a language tag fits: weight 0 when it is not wanted. `excess`: letters beyond the range, 0 for a wildcard.
  // Without ranges everything fits.
  struct Fit {
    double weight = 1;
    std::size_t excess = 0;
  };
  Fit fit(std::string_view tag) const;
  // What is in no wanted language may stand in: unless "*;q=0" says otherwise.
  bool falls_back() const;

 private:
  struct Range {
    std::string tag;
    double weight = 1;
    std::string as_written;
  };
  std::vector<Range> ranges_;
};

// Whether a tag is the range or begins with it: "de" matches "de-LU", not the reverse.
bool language_matches(std::string_view range, std::string_view tag);

// Well-formed by BCP 47, and its language, script and region are known.
bool language_valid(std::string_view tag);

}  // namespace fhir::terminology
