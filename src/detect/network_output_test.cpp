#include "detect/network_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace dbnet::detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Answer {
    std::vector<float> values;
    std::vector<std::string> warnings;
};

Answer probabilities(NetworkOutput& output, const std::vector<float>& map) {
    Answer answer;
    std::vector<float> memory;
    const float* values = output.probabilities(map, memory, answer.warnings);
    answer.values.assign(values, values + map.size());
    return answer;
}

TEST(NetworkOutput, ProbabilitiesStayAsTheyAre) {
    NetworkOutput output;
    const Answer answer = probabilities(output, {0, 0.25f, 1.0005f, -0.0005f});
    EXPECT_THAT(answer.values, ElementsAre(0, 0.25f, 1.0005f, -0.0005f));
    EXPECT_THAT(answer.warnings, IsEmpty());
}

TEST(NetworkOutput, LogitsAreRecognisedOnceAndForAll) {
    NetworkOutput output;
    const Answer first = probabilities(output, {-2, 0, 3});
    EXPECT_FLOAT_EQ(first.values[0], 0.11920292f);
    EXPECT_FLOAT_EQ(first.values[1], 0.5f);
    EXPECT_THAT(first.warnings, ElementsAre(HasSubstr("sigmoid")));
    const Answer second = probabilities(output, {0, 0, 0});
    EXPECT_FLOAT_EQ(second.values[0], 0.5f);
    EXPECT_THAT(second.warnings, IsEmpty());
}

TEST(NetworkOutput, MetadataSettlesIt) {
    NetworkOutput logits(true);
    EXPECT_FLOAT_EQ(probabilities(logits, {0}).values[0], 0.5f);
    NetworkOutput as_it_is(false);
    const Answer answer = probabilities(as_it_is, {-2, 5});
    EXPECT_THAT(answer.values, ElementsAre(-2, 5));
    EXPECT_THAT(answer.warnings, IsEmpty());
}

TEST(NetworkOutput, ValuesThatAreNoNumbersAreReported) {
    NetworkOutput output;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THAT(probabilities(output, {0, nan, 1}).warnings, ElementsAre(HasSubstr("1 values")));
}

TEST(NetworkOutput, OfSeveralMapsTheFirstBetweenZeroAndOneIsTaken) {
    const std::vector<float> features = {-3, 4};
    const std::vector<float> probability = {0, 1};
    NetworkOutput output;
    EXPECT_EQ(output.choose({features, probability}), 1u);
    EXPECT_EQ(output.choose({probability, features}), 1u) << "the first image decides";
    NetworkOutput none;
    EXPECT_EQ(none.choose({features, features}), 0u);
}

}  // namespace
}  // namespace dbnet::detect
