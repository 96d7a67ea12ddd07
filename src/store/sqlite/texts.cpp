#include "src/store/sqlite/texts.h"

namespace alzette::store::sqlite {

Texts::List Texts::of(Name parameter, Key last, Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    const auto& known = known_[parameter];
    if (known.many || (known.list && known.last >= last)) return known.list;
  }
  auto list = read(parameter, connection);
  const std::lock_guard lock(mutex_);
  auto& known = known_[parameter];
  if (!list)
    known = {.last = last, .many = true, .list = nullptr};
  else if (known.last <= last)
    known = {.last = last, .many = false, .list = list};
  return list;
}

// From each text to the next one, past all rows that repeat it.
Texts::List Texts::read(Name parameter, Connection& connection) {
  auto texts = std::make_shared<std::vector<std::string>>();
  auto row = connection.take("SELECT value FROM string WHERE parameter = ? AND value > ? ORDER BY value LIMIT 1");
  std::string at;
  if (row.with(parameter, std::string_view("")).step()) at = row.text(0);
  while (!at.empty()) {
    if (texts->size() == most) return nullptr;
    texts->push_back(at);
    const bool more = row.with(parameter, std::string_view(texts->back())).step();
    at = more ? std::string(row.text(0)) : std::string();
  }
  return texts;
}

}  // namespace alzette::store::sqlite
