#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/log.hpp"
#include "core/printable.hpp"
#include "core/subnormals.hpp"
#include "core/threads.hpp"
#include "core/timer.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::core {
namespace {

using test::TempDir;

std::string text_of(const std::string& path) {
    const auto bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
}

ErrorCode code_of(const auto& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no dbnet::Error was thrown";
    return ErrorCode::internal;
}

TEST(File, ReadsBackWhatWasWritten) {
    const TempDir dir;
    for (const std::size_t size : {0u, 1u, 65'535u, 65'536u, 65'537u, 300'000u}) {
        std::string text(size, 'a');
        for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 26);
        write_file(dir / "f", text);
        EXPECT_EQ(text_of(dir / "f"), text);
    }
}

TEST(File, KeepsTheOldContentUntilCommit) {
    const TempDir dir;
    write_file(dir / "f", "old");
    {
        AtomicFile file(dir / "f");
        file.write("new");
        EXPECT_EQ(text_of(dir / "f"), "old");
    }
    EXPECT_EQ(text_of(dir / "f"), "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1)
        << "a temporary file remains";
}

TEST(AppendFile, GoesOnAtTheEnd) {
    const TempDir dir;
    AppendFile(dir / "f").append("one\n");
    AppendFile file(dir / "f");
    file.append("two\n");
    EXPECT_EQ(text_of(dir / "f"), "one\ntwo\n");
}

TEST(AppendFile, LeavesNoPartWhenTheDiskIsFull) {
    const TempDir dir;
    AppendFile file(dir / "f");
    file.append("one\n");
    rlimit usual{};
    ::getrlimit(RLIMIT_FSIZE, &usual);
    const auto on_signal = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{6, usual.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_EQ(code_of([&] { file.append("three\n"); }), ErrorCode::io);
    ::setrlimit(RLIMIT_FSIZE, &usual);
    ::signal(SIGXFSZ, on_signal);
    EXPECT_EQ(text_of(dir / "f"), "one\n");
    file.append("two\n");
    EXPECT_EQ(text_of(dir / "f"), "one\ntwo\n");
}

TEST(Timer, WritesDurations) {
    EXPECT_EQ(duration_text(7.4), "0:07");
    EXPECT_EQ(duration_text(750), "12:30");
    EXPECT_EQ(duration_text(10'805), "3:00:05");
}

TEST(File, NamesWhatCannotBeReadOrWritten) {
    const TempDir dir;
    EXPECT_EQ(code_of([&] { read_file(dir / "missing"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { read_file(dir.path()); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { write_file(dir / "no/such/folder", "x"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { write_file("/dev/full/x", "x"); }), ErrorCode::io);
    write_file(dir / "f", "12345");
    EXPECT_EQ(code_of([&] { read_file(dir / "f", 4); }), ErrorCode::too_large);
    EXPECT_EQ(read_file(dir / "f", 5).size(), 5u);
    try {
        read_file(dir / "missing");
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("missing: cannot open: No such file"),
                  std::string::npos)
            << error.what();
    }
}

TEST(File, ReadsFilesThatAnnounceNoSize) { EXPECT_FALSE(read_file("/proc/self/status").empty()); }

TEST(Log, GoesToTheSinkAndNowhereElse) {
    std::vector<std::string> seen;
    set_log_sink([&](LogLevel, std::string_view text) { seen.emplace_back(text); });
    log(LogLevel::warning, "one");
    set_log_sink({});
    log(LogLevel::warning, "two");
    EXPECT_EQ(seen, std::vector<std::string>{"one"});
}

TEST(File, NamesMayBeAsLongAsTheFileSystemAllows) {
    const TempDir dir;
    const std::string longest(255, 'n');
    write_file(dir / longest, "x");
    EXPECT_EQ(text_of(dir / longest), "x");
    EXPECT_EQ(code_of([&] { write_file(dir / (longest + "n"), "x"); }), ErrorCode::io);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(Threads, AtLeastOneCore) { EXPECT_GE(available_cores(), 1); }

TEST(Subnormals, AreZeroToTheThreadAsLongAsItSaysSo) {
    volatile float small = 1e-30f;
    volatile float smaller = 1e-10f;
    volatile float subnormal = 1e-40f;
    volatile float large = 1e30f;
    {
        const FlushSubnormals flush;
        EXPECT_EQ(small * smaller, 0) << "a result";
        EXPECT_EQ(subnormal * large, 0) << "an operand";
        { const FlushSubnormals nested; }
        EXPECT_EQ(small * smaller, 0) << "after another guard within";
    }
    EXPECT_GT(small * smaller, 0);
    EXPECT_GT(subnormal * large, 0);
}

/// A root folder with what the kernel would say about control groups.
class ControlGroups {
public:
    ControlGroups(const std::string& mountinfo, const std::string& cgroup) {
        put("/proc/self/mountinfo", mountinfo);
        put("/proc/self/cgroup", cgroup);
    }

    void put(const std::string& path, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(root() + path).parent_path());
        write_file(root() + path, text + "\n");
    }

    double quota() const { return cpu_quota(root()); }

private:
    std::string root() const { return dir_.path(); }
    TempDir dir_;
};

constexpr const char* kMountV2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";

TEST(Threads, NestedGroupsOfVersion2HaveTheSmallestQuotaOfAll) {
    ControlGroups groups(kMountV2, "0::/a/b/c");
    EXPECT_TRUE(std::isinf(groups.quota()));
    groups.put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000");
    groups.put("/sys/fs/cgroup/a/b/cpu.max", "400000 100000");
    EXPECT_EQ(groups.quota(), 4);
    groups.put("/sys/fs/cgroup/a/cpu.max", "150000 100000");
    EXPECT_EQ(groups.quota(), 1.5);
    groups.put("/sys/fs/cgroup/a/b/c/cpu.max", "50000 100000");
    EXPECT_EQ(groups.quota(), 0.5);
    groups.put("/sys/fs/cgroup/other/cpu.max", "1000 100000");
    EXPECT_EQ(groups.quota(), 0.5);
}

TEST(Threads, QuotasOfVersion1Count) {
    ControlGroups groups(
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
        "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 - cgroup cgroup rw,cpu,cpuacct",
        "3:cpuset:/elsewhere\n2:cpu,cpuacct:/job/step");
    groups.put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
    groups.put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
    EXPECT_TRUE(std::isinf(groups.quota()));
    groups.put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000");
    groups.put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
    EXPECT_EQ(groups.quota(), 2.5);
}

TEST(Threads, InAContainerTheTopOfTheMountIsItsGroup) {
    ControlGroups groups("31 23 0:28 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup rw",
                         "0::/docker/1234/inner");
    groups.put("/sys/fs/cgroup/cpu.max", "300000 100000");
    EXPECT_EQ(groups.quota(), 3);
    groups.put("/sys/fs/cgroup/inner/cpu.max", "200000 100000");
    EXPECT_EQ(groups.quota(), 2);
    groups.put("/proc/self/cgroup", "0::/../../elsewhere");
    EXPECT_EQ(groups.quota(), 3);
}

TEST(Threads, BrokenFilesOfTheKernelAreNoLimit) {
    ControlGroups groups(std::string(kMountV2) + "\n1 2 3\n- - -\n", "nonsense\n0::");
    groups.put("/sys/fs/cgroup/cpu.max", "many of them");
    EXPECT_TRUE(std::isinf(groups.quota()));
}

/// Asks for threads where there is address space for the program, but not for so many stacks.
void ask_for_too_many_threads() {
    const rlimit small{std::size_t{1} << 30, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &small);
    ::_exit(code_of([] { require_threads(4000); }) == ErrorCode::internal ? 7 : 1);
}

TEST(Threads, AThreadThatCannotBeHadIsAnError) {
    require_threads(0);
    require_threads(3);
    EXPECT_EXIT(ask_for_too_many_threads(), testing::ExitedWithCode(7), "");
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("photo.jpg"), "photo.jpg");
    EXPECT_EQ(printable("\x1b[31mx\r\a\x7f"), "\\x1b[31mx\\x0d\\x07\\x7f");
    EXPECT_EQ(printable("stra\xc3\x9f"
                        "e \xe4\xb8\xad\xf0\x9f\x98\x80"),
              "stra\xc3\x9f"
              "e \xe4\xb8\xad\xf0\x9f\x98\x80");
    EXPECT_EQ(printable("\xc2\x9b"
                        "1m"),
              "\\xc2\\x9b1m")
        << "CSI of eight-bit terminals";
    EXPECT_EQ(printable("caf\xe9"), "caf\\xe9");
    EXPECT_EQ(printable("a\nerror: b"), "a\\x0aerror: b");
    EXPECT_EQ(printable("differs:\n  size"), "differs:\n  size");
    EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
}

TEST(Error, WhateverIsThrownLeavesAsOurs) {
    const auto message_of = [](auto action) -> std::string {
        try {
            with_errors(action);
        } catch (const Error& error) {
            return std::string(to_string(error.code())) + ": " + error.what();
        }
        return "no dbnet::Error was thrown";
    };
    EXPECT_EQ(message_of([] { fail(ErrorCode::io, "mine"); }), "io: mine");
    EXPECT_EQ(message_of([] { throw std::bad_alloc(); }), "internal: not enough memory");
    EXPECT_EQ(message_of([] { std::vector<char>().reserve(SIZE_MAX); }),
              "internal: not enough memory");
    EXPECT_EQ(message_of([] { throw std::runtime_error("theirs"); }),
              "internal: unexpected error: theirs");
    EXPECT_EQ(message_of([] { throw 7; }), "internal: unexpected error");
    EXPECT_EQ(with_errors([] { return 3; }), 3);
}

TEST(Error, EveryCodeHasAName) {
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
        EXPECT_NE(to_string(static_cast<ErrorCode>(code)), "unknown");
}

}  // namespace
}  // namespace dbnet::core
