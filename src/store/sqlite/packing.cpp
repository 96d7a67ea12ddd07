// Packed bodies: see packing.h. Zstandard: RFC 8878; https://facebook.github.io/zstd/zstd_manual.html
#include "src/store/sqlite/packing.h"

#include <zdict.h>
#include <zstd.h>

#include <new>

#include "fhir/owned.h"

namespace alzette::store::sqlite {

namespace {

constexpr int level = 1;
constexpr std::size_t least = 64;      // shorter texts are left as they are
constexpr std::size_t most = 1 << 20;  // and longer ones: the writer, for whom all wait, packs
constexpr std::size_t dictionary_bytes = 32 << 10;
constexpr std::string_view magic = "\x28\xB5\x2F\xFD";  // no JSON text and no record begins so

using Decompressor = fhir::Owned<ZSTD_DCtx, ZSTD_freeDCtx>;

ZSTD_DCtx* decompressor() {
  thread_local const Decompressor own(ZSTD_createDCtx());
  if (!own) throw std::bad_alloc();
  return own.get();
}

}  // namespace

struct Packing::Dictionary {
  Dictionary(std::string_view bytes, const Dictionary* before)
      : older(before),
        id(ZDICT_getDictID(bytes.data(), bytes.size())),
        packs(ZSTD_createCDict(bytes.data(), bytes.size(), level)),
        unpacks(ZSTD_createDDict(bytes.data(), bytes.size())) {
    if (id == 0 || !packs || !unpacks) throw Failure::damaged("a dictionary of packed bodies is damaged");
  }

  const Dictionary* const older;
  const unsigned id;
  const fhir::Owned<ZSTD_CDict, ZSTD_freeCDict> packs;
  const fhir::Owned<ZSTD_DDict, ZSTD_freeDDict> unpacks;
};

struct Packing::Compressor {
  // Each frame ends in a checksum (RFC 8878 3.1.1): it tells a damaged body, and all those of a damaged dictionary.
  Compressor() {
    if (!context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  }
  const fhir::Owned<ZSTD_CCtx, ZSTD_freeCCtx> context{ZSTD_createCCtx()};
};

Packing::Packing() : compressor_(std::make_unique<Compressor>()) {}
Packing::~Packing() = default;

void Packing::load(Connection& connection) {
  auto row = connection.take("SELECT bytes FROM dictionary ORDER BY seen");
  while (row.step()) use(row.text(0));
}

void Packing::use(std::string_view dictionary) {
  all_.push_back(std::make_unique<const Dictionary>(dictionary, newest_.load(std::memory_order_relaxed)));
  ZSTD_CCtx_refCDict(compressor_->context.get(), all_.back()->packs.get());
  newest_.store(all_.back().get(), std::memory_order_release);
}

std::string Packing::pack(std::string_view text) {
  if (all_.empty() || text.size() < least || text.size() > most) return std::string(text);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const auto size = ZSTD_compress2(compressor_->context.get(), out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size) || size >= text.size()) return std::string(text);
  out.resize(size);
  return out;
}

const Packing::Dictionary* Packing::named(unsigned id) const {
  const auto* dictionary = newest_.load(std::memory_order_acquire);
  while (dictionary && dictionary->id != id) dictionary = dictionary->older;
  return dictionary;
}

std::optional<std::string> Packing::unpack(std::string_view stored) const {
  if (!stored.starts_with(magic)) return std::string(stored);
  const auto size = ZSTD_getFrameContentSize(stored.data(), stored.size());
  const auto* with = named(ZSTD_getDictID_fromFrame(stored.data(), stored.size()));
  if (!with || size > most) return std::nullopt;
  std::string out(size, '\0');
  const auto got = ZSTD_decompress_usingDDict(decompressor(), out.data(), out.size(), stored.data(), stored.size(),
                                              with->unpacks.get());
  if (got != size) return std::nullopt;
  return out;
}

std::string common_in(const std::vector<std::string>& samples) {
  std::string all;
  std::vector<std::size_t> sizes;
  for (const auto& sample : samples) {
    all += sample;
    sizes.push_back(sample.size());
  }
  std::string dictionary(dictionary_bytes, '\0');
  const auto size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), all.data(), sizes.data(),
                                          static_cast<unsigned>(sizes.size()));
  dictionary.resize(ZDICT_isError(size) ? 0 : size);
  return dictionary;
}

}  // namespace alzette::store::sqlite
