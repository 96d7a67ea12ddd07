// Stands between the server and its disk (LD_PRELOAD): makes calls fail as the file that ALZETTE_FAULTS names says, and
// records in ALZETTE_RECORD what reaches the files below ALZETTE_BELOW, in the order in which it happens.
#include "tests/wire/preload/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <new>
#include <string_view>

namespace {

using wire::Call;
using wire::Faults;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
using Open = int(const char*, int, mode_t);
using Sync = int(int);
using Write = ssize_t(int, const void*, std::size_t);
using WriteAt = ssize_t(int, const void*, std::size_t, off64_t);
using Truncate = int(int, off64_t);
using Rename = int(const char*, const char*);
using Unlink = int(const char*);
using Allocate = void*(std::size_t);

Open* const open_file = real<Open>("open64");
Sync* const sync_file = real<Sync>("fsync");
Sync* const close_file = real<Sync>("close");
Sync* const sync_data = real<Sync>("fdatasync");
Write* const write_file = real<Write>("write");
WriteAt* const write_at = real<WriteAt>("pwrite64");
Truncate* const truncate_file = real<Truncate>("ftruncate64");
Rename* const rename_file = real<Rename>("rename");
Unlink* const unlink_file = real<Unlink>("unlink");

std::atomic<Faults*> faults{nullptr};  // nothing fails before the settings are read
std::string_view below;
int record = -1;
std::mutex mutex;  // the order of the record is that of the calls
enum class Kind : std::uint8_t { foreign, ours, database };
std::array<std::atomic<Kind>, 65536> kinds;  // of open files

bool in(const char* name) { return !below.empty() && name && std::string_view(name).starts_with(below); }
bool known(int fd) { return fd >= 0 && fd < static_cast<int>(kinds.size()); }
std::atomic<Kind>& kind(int fd) { return kinds[static_cast<std::size_t>(fd)]; }
bool is_ours(int fd) { return known(fd) && kind(fd) != Kind::foreign; }

bool fails(std::atomic<std::int64_t> Faults::*countdown, int error) {
  Faults* now = faults.load(std::memory_order_acquire);
  if (!now || (now->*countdown).load() < 0 || (now->*countdown).fetch_sub(1) != 0) return false;
  ++now->seen;
  errno = error;
  return true;
}

// By the allocator of the program, whichever that is: what it frees must come from it.
void* allocated(std::size_t size) {
  return fails(&Faults::memory, ENOMEM) ? nullptr : ::aligned_alloc(alignof(std::max_align_t), size);
}

bool no_move() {
  Faults* now = faults.load(std::memory_order_acquire);
  if (!now || now->moves < 0) return false;
  if (now->moves > 0) {
    --now->moves;
    return false;
  }
  ++now->seen;
  errno = ENOSPC;
  return true;
}

// How much of a write still fits.
std::size_t fitting(std::size_t bytes) {
  Faults* now = faults.load(std::memory_order_acquire);
  if (!now) return bytes;
  auto room = now->room.load();
  while (room >= 0) {
    const auto fit = std::min(room, static_cast<std::int64_t>(bytes));
    if (!now->room.compare_exchange_weak(room, room - fit)) continue;
    if (fit < static_cast<std::int64_t>(bytes)) ++now->seen;
    return static_cast<std::size_t>(fit);
  }
  return bytes;
}

void note(Call call, std::string_view bytes, std::string_view more = {}) {
  if (record < 0) return;
  call.bytes = bytes.size() + more.size();
  write_file(record, &call, sizeof call);
  if (!bytes.empty()) write_file(record, bytes.data(), bytes.size());
  if (!more.empty()) write_file(record, more.data(), more.size());
}

template <class Do>
ssize_t written(int fd, const void* data, std::size_t size, std::uint64_t at, const Do& work) {
  if (fails(&Faults::writes, EIO) || (kind(fd) == Kind::database && no_move())) return -1;
  const auto fit = fitting(size);
  if (fit == 0 && size > 0) {
    errno = ENOSPC;
    return -1;
  }
  const std::lock_guard lock(mutex);
  const auto count = work(fit);
  if (count > 0) note({Call::write, fd, at, 0}, {static_cast<const char*>(data), static_cast<std::size_t>(count)});
  return count;
}

int synced(int fd, Sync* work) {
  if (!is_ours(fd)) return work(fd);
  if (fails(&Faults::syncs, EIO) || (kind(fd) == Kind::database && fails(&Faults::moved, EIO))) return -1;
  const std::lock_guard lock(mutex);
  const int code = record < 0 ? work(fd) : 0;  // what the record says is replayed, not what the disk holds
  if (code == 0) note({Call::sync, fd, 0, 0}, {});
  return code;
}

int opened(const char* name, int flags, mode_t mode) {
  if (!in(name)) {
    const int fd = open_file(name, flags, mode);
    if (known(fd)) kind(fd) = Kind::foreign;
    return fd;
  }
  const std::lock_guard lock(mutex);
  const int fd = open_file(name, flags, mode);
  if (!known(fd)) return fd;
  const std::string_view view(name);
  // Memory that connections share is no file to keep.
  kind(fd) = view.ends_with("-shm") ? Kind::foreign : view.ends_with(".sqlite") ? Kind::database : Kind::ours;
  if (is_ours(fd)) note({Call::open, fd, 0, 0}, name);
  return fd;
}

mode_t mode_of(int flags, va_list& more) { return flags & O_CREAT ? va_arg(more, mode_t) : 0; }

struct SetUp {
  SetUp() {
    if (const char* folder = std::getenv("ALZETTE_BELOW")) below = folder;
    if (const char* file = std::getenv("ALZETTE_RECORD")) {
      record = open_file(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      note({Call::start, 0, 0, 0}, {});
    }
    const char* file = std::getenv("ALZETTE_FAULTS");
    const int fd = file ? open_file(file, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void* at = ::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close_file(fd);
    if (at != MAP_FAILED) faults = static_cast<Faults*>(at);
  }
} const set_up;

}  // namespace

extern "C" {

int open(const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return opened(name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = mode_of(flags, more);
  va_end(more);
  return opened(name, flags, mode);
}

ssize_t write(int fd, const void* data, std::size_t size) {
  if (!is_ours(fd)) return write_file(fd, data, size);
  const auto at = static_cast<std::uint64_t>(::lseek64(fd, 0, SEEK_CUR));
  return written(fd, data, size, at, [&](std::size_t fit) { return write_file(fd, data, fit); });
}
ssize_t pwrite64(int fd, const void* data, std::size_t size, off64_t at) {
  if (!is_ours(fd)) return write_at(fd, data, size, at);
  return written(fd, data, size, static_cast<std::uint64_t>(at),
                 [&](std::size_t fit) { return write_at(fd, data, fit, at); });
}

int fsync(int fd) { return synced(fd, sync_file); }
int fdatasync(int fd) { return synced(fd, sync_data); }

int close(int fd) {
  if (known(fd)) kind(fd) = Kind::foreign;
  return close_file(fd);
}

int ftruncate64(int fd, off64_t size) {
  if (!is_ours(fd)) return truncate_file(fd, size);
  const std::lock_guard lock(mutex);
  const int code = truncate_file(fd, size);
  if (code == 0) note({Call::truncate, fd, static_cast<std::uint64_t>(size), 0}, {});
  return code;
}

int rename(const char* from, const char* to) {
  if (!in(to)) return rename_file(from, to);
  const std::lock_guard lock(mutex);
  const int code = rename_file(from, to);
  const std::string_view old(from);
  if (code == 0) note({Call::rename, 0, old.size(), 0}, old, to);
  return code;
}

int unlink(const char* name) {
  if (!in(name)) return unlink_file(name);
  const std::lock_guard lock(mutex);
  const int code = unlink_file(name);
  if (code == 0) note({Call::remove, 0, 0, 0}, name);
  return code;
}

void* malloc(std::size_t size) { return allocated(size); }
void* calloc(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
  void* made = allocated(bytes);
  return made ? std::memset(made, 0, bytes) : nullptr;
}
void* realloc(void* old, std::size_t size) {
  void* made = allocated(size);
  if (!made || !old) return made;
  std::memcpy(made, old, std::min(size, ::malloc_usable_size(old)));
  ::free(old);
  return made;
}

// By the kernel's own call: it is asked for the time before anything here is made.
int clock_gettime(clockid_t clock, timespec* time) {
  const auto done = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (const auto* settings = faults.load(); settings && done == 0 && clock == CLOCK_REALTIME)
    time->tv_sec += settings->ahead;
  return done;
}

}  // extern "C"

// The allocator's own, which delete expects, and which does not come by malloc.
void* operator new(std::size_t size) {
  static auto* const make = real<Allocate>("_Znwm");
  if (fails(&Faults::memory, ENOMEM)) throw std::bad_alloc();
  return make(size);
}
void* operator new[](std::size_t size) {
  static auto* const make = real<Allocate>("_Znam");
  if (fails(&Faults::memory, ENOMEM)) throw std::bad_alloc();
  return make(size);
}
