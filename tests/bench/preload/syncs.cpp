// Stands between a program and the disk (LD_PRELOAD): counts fsync and fdatasync in the file that ALZETTE_SYNC_COUNT
// names, and makes each take ALZETTE_SYNC_DELAY_US longer, as on a disk where durability has a price.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

struct Settings {
  std::atomic<std::uint64_t>* count = nullptr;
  long delay_us = 0;

  Settings() {
    if (const char* delay = std::getenv("ALZETTE_SYNC_DELAY_US")) delay_us = std::atol(delay);
    const char* file = std::getenv("ALZETTE_SYNC_COUNT");
    const int fd = file ? ::open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void* at = ::mmap(nullptr, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at != MAP_FAILED) count = static_cast<std::atomic<std::uint64_t>*>(at);
  }
};

int synced(const char* name, int fd) {
  static const Settings settings;
  if (settings.count) ++*settings.count;
  if (settings.delay_us > 0) {
    const timespec delay{settings.delay_us / 1'000'000, settings.delay_us % 1'000'000 * 1'000};
    ::nanosleep(&delay, nullptr);
  }
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return synced("fsync", fd); }
extern "C" int fdatasync(int fd) { return synced("fdatasync", fd); }
