// Programs of ours: started in the background and measured, or run to their end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

using Environment = std::vector<std::pair<std::string, std::string>>;  // added to our own

class Child {
 public:
  // Returns when the program has printed its line "ready http=http://127.0.0.1:PORT". Throws when it ends before.
  explicit Child(const std::vector<std::string>& command, const Environment& environment = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // SIGTERM, and waits

  std::uint16_t port() const { return port_; }
  std::uint16_t mllp_port() const { return mllp_port_; }  // 0 where that door is not open
  double resident_mib() const;
  double most_resident_mib() const;
  double core_seconds() const;  // of all its threads so far, to a hundredth

 private:
  double status_mib(const std::string& name) const;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  std::uint16_t mllp_port_ = 0;
};

struct Ended {
  std::string output;
  double seconds = 0;
  double most_resident_mib = 0;
};

// Runs a program to its end. Throws unless it exits with 0.
Ended run(const std::vector<std::string>& command, const Environment& environment = {});

}  // namespace bench
