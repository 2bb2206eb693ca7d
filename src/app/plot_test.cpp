#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "app/plot.hpp"

namespace dbnet::app {
namespace {

using testing::HasSubstr;
using testing::Not;

bool has_text(const std::string& svg, const std::string& text) {
    return svg.find('>' + text + "</text>") != std::string::npos;
}

TEST(Plot, ShowsTheUnitSquareUnlessToldOtherwise) {
    const std::string svg = to_svg({"Title", "recall", "precision", {{"a", {{0, 0}, {1, 1}}}}});
    for (const char* text : {"0", "0.2", "0.4", "0.6", "0.8", "1", "Title", "recall", "precision"})
        EXPECT_TRUE(has_text(svg, text)) << text;
    EXPECT_THAT(svg, HasSubstr("points=\"70,420 620,40 \"")) << "from corner to corner";
}

TEST(Plot, LabelsItsRange) {
    const std::string svg =
        to_svg({"", "step", "", {{"a", {{0, -5}, {12'500, 10}}}}, {0, 12'500}, {-5, 10}});
    for (const char* text : {"2000", "12000", "-4", "10"}) EXPECT_TRUE(has_text(svg, text)) << text;
    EXPECT_THAT(svg, HasSubstr("points=\"70,420 620,40 \""));
}

TEST(Plot, HasALogarithmicAxis) {
    const std::string svg =
        to_svg({"", "", "", {{"a", {{0, 0.01}, {0.5, 1}, {1, 100}}}}, {}, {0.01, 100, true}});
    for (const char* text : {"0.01", "0.1", "1", "10", "100"})
        EXPECT_TRUE(has_text(svg, text)) << text;
    EXPECT_THAT(svg, HasSubstr("points=\"70,420 345,230 620,40 \"")) << "a straight line";
}

TEST(Plot, LeavesOutWhatItCannotShow) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::string svg =
        to_svg({"", "", "", {{"a", {{0, 1}, {0.5, nan}, {0.5, 0}, {1, 10}}}}, {}, {1, 10, true}});
    EXPECT_THAT(svg, HasSubstr("points=\"70,420 620,40 \""));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(Plot, NamesLinesWhereTheyHideLeast) {
    const std::string svg = to_svg({"", "", "", {{"low", {{0, 0.05}, {1, 0.05}}}}});
    EXPECT_THAT(svg, HasSubstr("y=\"70\" fill=\"#1b6ac9\"")) << "above, not below";
}

TEST(Plot, FindsRoundRanges) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto ends = [](const Range& range) { return std::pair(range.low, range.high); };
    EXPECT_EQ(ends(range_around({0, 0.00093, nan})), std::pair(0.0, 0.001));
    EXPECT_EQ(ends(range_around({-3, 14})), std::pair(-5.0, 15.0));
    EXPECT_EQ(ends(range_around({})), std::pair(0.0, 1.0));
    const Range flat = range_around({7});
    EXPECT_LE(flat.low, 7);
    EXPECT_GT(flat.high, 7);
    const Range losses = range_around({0.07, 8, 0, -1}, true);
    EXPECT_NEAR(losses.low, 0.05, 1e-12);
    EXPECT_NEAR(losses.high, 10, 1e-12);
    EXPECT_EQ(ends(range_around({5e-324, 0.2, 0.5, 1e308}, true)),
              ends(range_around({0.2, 0.5}, true)));
    const Range one = range_around({1}, true);
    EXPECT_LE(one.low, 1);
    EXPECT_GT(one.high, one.low);
}

TEST(Plot, DrawsTheSameAsAnImage) {
    const Image image = to_image({"", "", "", {{"", {{0, 0.5}, {1, 0.5}}, true}}});
    const std::uint8_t* pixel = image.row(230) + 3 * 345;
    EXPECT_NEAR(pixel[0], 27, 2);
    EXPECT_NEAR(pixel[1], 106, 2);
    EXPECT_NEAR(pixel[2], 201, 2);
}

}  // namespace
}  // namespace dbnet::app
