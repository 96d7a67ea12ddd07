// Many conformance resources as one block of bytes that is opened piece by piece: the R4 definitions that are linked
// in, and each package that was added. Resources lie in the order of the index, so that a frame holds neighbours.
//
//   "ALZARCH1"  u32 entries  u32 frames
//   entry   { text type, text url, text version, u32 frame, u32 offset, u32 size }*     sorted; text = u32 size, bytes
//   frame   { u32 packed size, u32 plain size }*
//   zstd frames, one behind the other; each opens to the JSON of its resources
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace fhir {

class Archive {
 public:
  struct Entry {
    std::string_view type;  // "StructureDefinition"
    std::string_view url;
    std::string_view version;
    std::uint32_t frame = 0, offset = 0, size = 0;
  };

  // `bytes` must outlive the archive. Refuses what is cut short or points outside itself.
  static Result<Archive> open(std::string_view bytes);

  std::span<const Entry> entries() const { return entries_; }
  // The entries of a type, and those of one url among them.
  std::span<const Entry> of(std::string_view type) const;
  std::span<const Entry> of(std::string_view type, std::string_view url) const;
  // The JSON of an entry; "" when its frame is damaged.
  std::string text(const Entry& entry) const;

 private:
  struct Frame {
    std::string_view packed;
    std::uint32_t plain = 0;
  };
  std::vector<Entry> entries_;
  std::vector<Frame> frames_;
};

class ArchiveWriter {
 public:
  void add(std::string type, std::string url, std::string version, std::string json);
  std::size_t size() const { return items_.size(); }
  // The bytes of the archive. Of several resources with equal type, url and version the first is kept.
  std::string finish(int level);

 private:
  struct Item {
    std::string type, url, version, json;
  };
  std::vector<Item> items_;
};

// HL7's 4.0.1 definitions, without their narratives.
const Archive& core_archive();

}  // namespace fhir
