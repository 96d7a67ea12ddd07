#include "src/metrics.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace alzette::metrics {

namespace {

// A request's labels are route patterns and statuses, both from fixed sets: this is room for several hundred pairs.
constexpr std::uint32_t slots = 16'384;
constexpr std::uint32_t histogram_slots = Histogram::bounds.size() + 2;

// One thread's numbers. Only its thread adds, so that a plain load and store is enough.
struct Shard {
  std::array<std::atomic<std::uint64_t>, slots> values{};

  void add(std::uint32_t slot, std::uint64_t n) {
    auto& value = values[slot];
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

struct Series {
  std::uint32_t slot;
  bool histogram;
};

struct Family {
  std::string help;
  bool histogram = false;
  std::map<std::string, Series> series;  // by labels
};

struct Registry {
  std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;
  std::map<std::uint64_t, std::tuple<std::string, std::string, std::function<double()>>> gauges;
  std::uint64_t next_gauge = 0;
  std::uint32_t next_slot = histogram_slots;  // the first ones take what finds no room
  std::vector<Shard*> live;
  Shard gone;  // what ended threads had counted

  std::uint32_t slot(std::string_view name, std::string_view help, std::string_view labels, bool histogram) {
    const std::lock_guard lock(mutex);
    auto& family = families[std::string(name)];
    family.help = help;
    family.histogram = histogram;
    const auto found = family.series.find(std::string(labels));
    if (found != family.series.end()) return found->second.slot;
    const auto size = histogram ? histogram_slots : 1;
    if (next_slot + size > slots) return 0;
    const auto slot = next_slot;
    next_slot += size;
    family.series.emplace(labels, Series{slot, histogram});
    return slot;
  }

  std::uint64_t sum(std::uint32_t slot) const {
    auto total = gone.values[slot].load(std::memory_order_relaxed);
    for (const auto* shard : live) total += shard->values[slot].load(std::memory_order_relaxed);
    return total;
  }
};

// Never destroyed: threads may end after main.
Registry& registry() {
  static auto* const all = new Registry;
  return *all;
}

struct Enrolled {
  std::unique_ptr<Shard> shard = std::make_unique<Shard>();
  Enrolled() {
    auto& all = registry();
    const std::lock_guard lock(all.mutex);
    all.live.push_back(shard.get());
  }
  ~Enrolled() {
    auto& all = registry();
    const std::lock_guard lock(all.mutex);
    for (std::uint32_t i = 0; i < slots; ++i) all.gone.add(i, shard->values[i].load(std::memory_order_relaxed));
    std::erase(all.live, shard.get());
  }
  Enrolled(const Enrolled&) = delete;
  Enrolled& operator=(const Enrolled&) = delete;
};

Shard& mine() {
  thread_local Enrolled enrolled;
  return *enrolled.shard;
}

std::string number(double value) {
  std::array<char, 32> digits;
  return {digits.data(),
          std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general).ptr};
}

void append_sample(std::string& text, std::string_view name, std::string_view labels, std::string_view more,
                   std::string_view value) {
  text.append(name);
  if (!labels.empty() || !more.empty()) {
    text.append("{").append(labels);
    if (!labels.empty() && !more.empty()) text.append(",");
    text.append(more).append("}");
  }
  text.append(" ").append(value).append("\n");
}

void append_histogram(std::string& text, const Registry& all, const std::string& name, const std::string& labels,
                      std::uint32_t slot) {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i <= Histogram::bounds.size(); ++i) {
    total += all.sum(slot + i);
    const auto bound = i < Histogram::bounds.size() ? number(Histogram::bounds[i] / 1e6) : std::string("+Inf");
    append_sample(text, name + "_bucket", labels, "le=\"" + bound + "\"", std::to_string(total));
  }
  const auto sum = all.sum(slot + static_cast<std::uint32_t>(Histogram::bounds.size()) + 1);
  append_sample(text, name + "_sum", labels, {}, number(static_cast<double>(sum) / 1e6));
  append_sample(text, name + "_count", labels, {}, std::to_string(total));
}

void append_about(std::string& text, std::string_view name, std::string_view help, std::string_view type) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

std::uint64_t resident_bytes() {
  auto* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long all = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &all, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

Counter::Counter(std::string_view name, std::string_view help, std::string_view labels)
    : slot_(registry().slot(name, help, labels, false)) {}

void Counter::add(std::uint64_t n) const { mine().add(slot_, n); }

Histogram::Histogram(std::string_view name, std::string_view help, std::string_view labels)
    : slot_(registry().slot(name, help, labels, true)) {}

void Histogram::observe(std::uint64_t microseconds) const {
  std::uint32_t bucket = 0;
  while (bucket < bounds.size() && microseconds > bounds[bucket]) ++bucket;
  auto& shard = mine();
  shard.add(slot_ + bucket, 1);
  shard.add(slot_ + static_cast<std::uint32_t>(bounds.size()) + 1, microseconds);
}

Gauge::Gauge(std::string_view name, std::string_view help, std::function<double()> read) {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  id_ = ++all.next_gauge;
  all.gauges.emplace(id_, std::tuple(std::string(name), std::string(help), std::move(read)));
}

Gauge::~Gauge() {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  all.gauges.erase(id_);
}

const Histogram& phase(Phase phase) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Phase::count_)> names{
      "parse", "validate", "extract", "queue", "commit", "search", "serialise"};
  static const auto all = [] {
    std::vector<Histogram> made;
    made.reserve(names.size());
    for (const auto name : names)
      made.emplace_back("alzette_phase_seconds", "Time of the phases of a request",
                        "phase=\"" + std::string(name) + "\"");
    return made;
  }();
  return all[static_cast<std::size_t>(phase)];
}

std::string text() {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  std::string text;
  for (const auto& [name, family] : all.families) {
    append_about(text, name, family.help, family.histogram ? "histogram" : "counter");
    for (const auto& [labels, series] : family.series) {
      if (series.histogram)
        append_histogram(text, all, name, labels, series.slot);
      else
        append_sample(text, name, labels, {}, std::to_string(all.sum(series.slot)));
    }
  }
  for (const auto& [id, gauge] : all.gauges) {
    const auto& [name, help, read] = gauge;
    append_about(text, name, help, "gauge");
    append_sample(text, name, {}, {}, number(read()));
  }
  append_about(text, "process_resident_memory_bytes", "Resident memory size in bytes.", "gauge");
  append_sample(text, "process_resident_memory_bytes", {}, {}, std::to_string(resident_bytes()));
  return text;
}

}  // namespace alzette::metrics
