#include "app/names.hpp"

#include <gtest/gtest.h>

#include <dbnet/error.hpp>

namespace dbnet::app {
namespace {

const std::vector<std::string_view> kFruit = {"apple", "pear", "plum"};

TEST(Names, slips_of_the_finger_find_the_nearest_name) {
    EXPECT_EQ(nearest("aple", kFruit), "apple");   // a letter left out
    EXPECT_EQ(nearest("peaar", kFruit), "pear");   // one too many
    EXPECT_EQ(nearest("plim", kFruit), "plum");    // a wrong one
    EXPECT_EQ(nearest("appel", kFruit), "apple");  // two letters swapped
    EXPECT_EQ(nearest("pearl", kFruit), "pear");
    EXPECT_EQ(nearest("cherry", kFruit), "");
    EXPECT_EQ(nearest("", kFruit), "");
}

TEST(Names, the_message_lists_what_there_is) {
    EXPECT_EQ(unknown_name("fruit", "plim", kFruit),
              "unknown fruit 'plim': did you mean 'plum'? Available: apple, pear, plum");
    EXPECT_EQ(unknown_name("fruit", "cherry", kFruit),
              "unknown fruit 'cherry'; available: apple, pear, plum");
}

TEST(Names, choose_gives_the_value_or_refuses) {
    constexpr std::array<NamedValue<int>, 2> kTable{{{"one", 1}, {"two", 2}}};
    EXPECT_EQ(choose("number", "two", kTable), 2);
    EXPECT_EQ(name_of(1, kTable), "one");
    try {
        choose("number", "twoo", kTable);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_EQ(std::string(error.what()),
                  "unknown number 'twoo': did you mean 'two'? Available: one, two");
    }
}

}  // namespace
}  // namespace dbnet::app
