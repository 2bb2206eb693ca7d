#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/log.hpp"
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

TEST(Error, EveryCodeHasAName) {
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
        EXPECT_NE(to_string(static_cast<ErrorCode>(code)), "unknown");
}

}  // namespace
}  // namespace dbnet::core
