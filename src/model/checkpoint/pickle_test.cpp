#include "model/checkpoint/pickle.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include <dbnet/error.hpp>

namespace dbnet::model {
namespace {

using Kind = PickleNode::Kind;

Pickle parse(const std::string& text) {
    return Pickle({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "test");
}

template <std::size_t N>
std::string bytes_of(const char (&literal)[N]) {
    return {literal, N - 1};
}

/// {"a": [1, -2, 2.5, True, None], "b": (b"x", 300)} in protocol 2, with the memo that CPython
/// writes.
const std::string kSample = bytes_of(
    "\x80\x02}q\x00(X\x01\x00\x00\x00"
    "aq\x01]q\x02(K\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00\x00\x00\x00\x88NeX\x01\x00\x00\x00"
    "bq\x03"
    "C\x01xM,\x01\x86q\x04u.");

TEST(Pickle, ReadsData) {
    const Pickle pickle = parse(kSample);
    const PickleNode* a = pickle.root().find("a");
    ASSERT_NE(a, nullptr);
    ASSERT_EQ(a->items.size(), 5u);
    EXPECT_EQ(a->items[0]->integer, 1);
    EXPECT_EQ(a->items[1]->integer, -2);
    EXPECT_EQ(a->items[2]->real, 2.5);
    EXPECT_EQ(a->items[3]->kind, Kind::boolean);
    EXPECT_EQ(a->items[4]->kind, Kind::none);
    const PickleNode* b = pickle.root().find("b");
    ASSERT_EQ(b->items.size(), 2u);
    EXPECT_EQ(b->items[0]->text, "x");
    EXPECT_EQ(b->items[1]->integer, 300);
    EXPECT_EQ(pickle.root().find("c"), nullptr);
}

TEST(Pickle, ExecutesNothing) {
    const Pickle pickle = parse("cos\nsystem\n(S'true'\ntR.");
    EXPECT_EQ(pickle.root().kind, Kind::object);
    EXPECT_EQ(pickle.root().text, "os.system");
}

TEST(Pickle, SurvivesCyclesAndDepth) {
    parse(
        "]q\x01h\x01"
        "a.");                                                           // a list that holds itself
    parse(std::string(200'000, ']') + std::string(199'999, 'a') + ".");  // very deep nesting
}

TEST(Pickle, RefusesBrokenInput) {
    for (const std::string text :
         {"", "K", "a.", "t.", "h\x07.", "]K\x01s.", "X\xff\xff\xff\xff", "R.", "Ix\n.", "\x01."})
        EXPECT_THROW(parse(text), Error) << testing::PrintToString(text);
    for (std::size_t size = 0; size < kSample.size(); ++size)
        EXPECT_THROW(parse(kSample.substr(0, size)), Error);
}

TEST(Pickle, ArgumentsOfManyCallsDoNotFillTheMemory) {
    // One tuple of 20,000 items, and 20,000 calls with it.
    std::string text = "cx\ny\n" + bytes_of("q\x00(") + std::string(20'000, 'N') +
                       bytes_of(
                           "tq\x01"
                           "00");
    for (int i = 0; i < 20'000; ++i) text += bytes_of("h\x00h\x01R0");
    try {
        parse(text + "}.");
        FAIL() << "3 GB of arguments were kept";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::too_large);
    }
}

TEST(Pickle, NeverCrashesOnRandomBytes) {
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = kSample;
        for (int change = 0; change < 3; ++change)
            text[random() % text.size()] = static_cast<char>(random());
        try {
            parse(text);
        } catch (const Error&) {
        }
    }
}

}  // namespace
}  // namespace dbnet::model
