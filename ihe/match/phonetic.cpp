// One key for what sounds, or is written, alike in the names of the Greater Region and of Portugal. Vowels but the
// first are dropped, since regional spelling and the ear differ on them most.
#include <array>
#include <utility>

#include "ihe/match/match.h"

namespace ihe::match {
namespace {

// Longest first; each is one sound.
constexpr std::array<std::pair<std::string_view, char>, 26> sounds{{
    {"sch", 'x'}, {"tsch", 'x'}, {"eaux", 'a'}, {"eau", 'a'}, {"aux", 'a'}, {"ch", 'x'}, {"sh", 'x'},
    {"ph", 'f'},  {"th", 't'},   {"dt", 't'},   {"tz", 't'},  {"ts", 't'},  {"ck", 'k'}, {"qu", 'k'},
    {"gn", 'n'},  {"nh", 'n'},   {"lh", 'l'},   {"rh", 'r'},  {"gh", 'k'},  {"ge", 'i'}, {"gi", 'i'},
    {"gy", 'i'},  {"ce", 's'},   {"ci", 's'},   {"cy", 's'},  {"pf", 'f'},
}};

char sound_of(char letter) {
  switch (letter) {
    case 'b':
    case 'p':
      return 'p';
    case 'c':
    case 'g':
    case 'k':
    case 'q':
      return 'k';
    case 'd':
    case 't':
      return 't';
    case 'f':
      return 'f';
    case 'v':
    case 'w':
      return 'v';
    case 'j':
    case 'y':
    case 'i':
      return 'i';
    case 's':
    case 'z':
      return 's';
    case 'm':
    case 'n':
      return 'n';
    case 'a':
    case 'e':
    case 'o':
    case 'u':
      return 'a';
    case 'h':
      return 0;
    default:
      return letter;
  }
}

bool is_vowel(char sound) { return sound == 'a' || sound == 'i'; }

}  // namespace

std::string phonetic(std::string_view folded) {
  std::string key;
  char last = 0;
  for (std::size_t at = 0; at < folded.size();) {
    char sound = 0;
    std::size_t size = 1;
    for (const auto& [letters, same] : sounds)
      if (letters.front() == folded[at] && letters.size() > size && folded.substr(at).starts_with(letters))
        sound = same, size = letters.size();
    if (size == 1) sound = sound_of(folded[at]);
    // The vowel behind a soft c or g belongs to the name, not to the consonant.
    at += size == 2 && (sound == 's' || sound == 'i') && folded[at] != 't' ? 1 : size;
    if (!sound) continue;
    const bool kept = sound != last && (!is_vowel(sound) || key.empty());
    last = sound;
    if (kept) key += sound;
  }
  // Mute endings: Weis = Weiss = Weisz, Schmit = Schmitz.
  while (key.size() > 2 && (key.back() == 's' || key.back() == 'x')) key.pop_back();
  return key;
}

}  // namespace ihe::match
