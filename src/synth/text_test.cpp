#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "geometry/polygon.hpp"
#include "support/temp_dir.hpp"
#include "synth/font.hpp"
#include "synth/layout.hpp"
#include "synth/raster.hpp"
#include "synth/surroundings.hpp"
#include "synth/utf8.hpp"
#include "synth/warp.hpp"
#include "synth/words.hpp"

namespace dbnet::synth {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

const FontSet& fonts() {
    static const FontSet set("");
    return set;
}

Block block_of(const std::vector<std::vector<std::string>>& lines, const Typography& typography) {
    std::string all;
    for (const auto& line : lines)
        for (const std::string& word : line) all += word;
    core::Random random(1);
    const Font* font = fonts().choose(all, random);
    if (font == nullptr) throw std::runtime_error("no font for " + all);
    return set_lines(lines, *font, typography).value();
}

/// Centres of the pixels that are covered by at least `least` of 255.
std::vector<Point> ink_of_mask(const Mask& mask, int least) {
    std::vector<Point> points;
    for (int y = 0; y < mask.height; ++y)
        for (int x = 0; x < mask.width; ++x)
            if (mask.row(y)[x] >= least) points.push_back({mask.x + x + 0.5, mask.y + y + 0.5});
    return points;
}

Mask draw(const PlacedWord& word, const Warp& warp) {
    const Contours contours = warp(word.outline);
    Mask mask = mask_around(extent_of(contours.points), 2);
    fill(contours, mask);
    return mask;
}

/// Distance of the point from the line through an edge, positive inside a clockwise polygon.
double depth(const Polygon& polygon, std::size_t edge, Point p) {
    const Point a = polygon[edge];
    const Point b = polygon[(edge + 1) % polygon.size()];
    return ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)) /
           std::hypot(b.x - a.x, b.y - a.y);
}

TEST(Text, straight_words_touch_all_four_sides_of_their_polygons) {
    Typography type;
    type.size = 60;
    for (const auto& [pose, slant] : std::vector<std::pair<Pose, double>>{
             {{}, 0},
             {{30 * kDegree, 0, 0}, 0.2},
             {{-100 * kDegree, 0, 0}, 0},
             {{5 * kDegree, 30 * kDegree, -40 * kDegree, 500}, 0},
             {{-20 * kDegree, -25 * kDegree, 50 * kDegree, 700}, -0.1}}) {
        type.slant = slant;
        const Block block = block_of({{"Typography", "Hq"}, {"12,50"}}, type);
        const Warp warp(Bend{}, pose, {400, 300});
        for (const Line& line : block.lines)
            for (const PlacedWord& word : line) {
                const Polygon polygon = warp.outline(word.ink);
                ASSERT_EQ(polygon.size(), 4u);
                EXPECT_GT(geometry::signed_area(polygon), 0);
                const Mask mask = draw(word, warp);
                for (std::size_t edge = 0; edge < 4; ++edge) {
                    double nearest = 1e9;
                    for (const Point& p : ink_of_mask(mask, 128))
                        nearest = std::min(nearest, depth(polygon, edge, p));
                    EXPECT_LT(nearest, 1.3) << word.text << " edge " << edge;
                    for (const Point& p : ink_of_mask(mask, 1))
                        ASSERT_GT(depth(polygon, edge, p), -0.75) << word.text << " edge " << edge;
                }
            }
    }
}

TEST(Text, polygons_follow_bent_words) {
    Typography type;
    type.size = 40;
    const Block block = block_of({{"Roundabout"}}, type);
    const PlacedWord& word = block.lines[0][0];
    Bend up{Bend::Kind::arc, 1.5 / word.ink.width(), 0, 1, 0};
    Bend down{Bend::Kind::arc, -1.0 / word.ink.width(), 0, 1, 0};
    Bend wave{Bend::Kind::wave, 0, 12, word.ink.width(), 1};
    for (const Bend& bend : {up, down, wave}) {
        const Warp warp(bend, {10 * kDegree, 15 * kDegree, 10 * kDegree, 600}, {300, 300});
        const Polygon polygon = warp.outline(word.ink);
        EXPECT_GE(polygon.size(), 6u);
        EXPECT_TRUE(geometry::is_simple(polygon));
        EXPECT_GT(geometry::signed_area(polygon), 0);
        const Mask mask = draw(word, warp);
        std::size_t outside = 0;
        for (const Point& p : ink_of_mask(mask, 128))
            if (!geometry::contains(polygon, p)) ++outside;
        EXPECT_LT(outside, ink_of_mask(mask, 128).size() / 50);  // chords instead of arcs
        // The true outline, sampled densely.
        Polygon dense;
        const Extent& ink = word.ink;
        for (int i = 0; i <= 500; ++i)
            dense.push_back(warp({ink.left + ink.width() * i / 500, ink.top}));
        for (int i = 500; i >= 0; --i)
            dense.push_back(warp({ink.left + ink.width() * i / 500, ink.bottom}));
        EXPECT_NEAR(geometry::area(polygon) / geometry::area(dense), 1, 0.03);
    }
}

TEST(Text, words_and_lines_keep_their_distance) {
    Typography type;
    type.size = 30;
    type.line_spacing = 0.5;  // too little
    type.slant = 0.3;
    const Block block = block_of({{"fly", "Axj", "Wavy"}, {"\u00c4\u00c5", "qg"}}, type);
    std::vector<Extent> inks;
    for (const Line& line : block.lines)
        for (const PlacedWord& word : line) inks.push_back(word.ink);
    ASSERT_EQ(inks.size(), 5u);
    for (std::size_t i = 0; i < inks.size(); ++i)
        for (std::size_t j = i + 1; j < inks.size(); ++j) {
            const bool apart = inks[i].right < inks[j].left || inks[j].right < inks[i].left ||
                               inks[i].bottom < inks[j].top || inks[j].bottom < inks[i].top;
            EXPECT_TRUE(apart) << i << " " << j;
        }
    EXPECT_NEAR(block.ink.left, -block.ink.right, 1e-9);
    EXPECT_NEAR(block.ink.top, -block.ink.bottom, 1e-9);
}

TEST(Text, arabic_runs_from_right_to_left_and_its_letters_join) {
    const std::string word = "\u0645\u0631\u062d\u0628\u0627";
    core::Random random(3);
    const Font* font = fonts().choose(word, random);
    if (font == nullptr) GTEST_SKIP() << "no Arabic font on this machine";
    const Block block = set_lines({{word, "\u0628\u0643"}}, *font, {}).value();
    EXPECT_EQ(block.lines[0].back().text, word);
    // The joined letter is another glyph than the one that stands alone.
    const auto alone = font->shape("\u0628");
    const auto joined = font->shape("\u0628\u0628");
    ASSERT_TRUE(alone && joined);
    EXPECT_TRUE(joined->leftwards);
    for (const auto& place : joined->glyphs) EXPECT_NE(place.glyph, alone->glyphs[0].glyph);
}

TEST(Text, fonts_without_the_letters_are_not_chosen) {
    core::Random random(4);
    // A character that is assigned to nothing.
    EXPECT_EQ(fonts().choose("a\U000EFFFFb", random), nullptr);
    for (int i = 0; i < 50; ++i) {
        const Font* font = fonts().choose("\u0416\u0443\u043a", random);
        if (font == nullptr) break;
        const auto shaped = font->shape("\u0416\u0443\u043a");
        EXPECT_TRUE(!shaped || !shaped->ink.empty()) << font->path();
    }
}

TEST(Text, a_folder_without_fonts_is_an_error) {
    const test::TempDir folder;
    core::write_file(folder / "fake.ttf", "this is no font");
    try {
        FontSet set(folder / "");
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_NE(std::string(error.what()).find("no TrueType or OpenType fonts"),
                  std::string::npos);
    }
}

TEST(Text, utf8_is_checked) {
    EXPECT_EQ(decode_utf8("a\u00e9\u4e2d\U0001F600"), U"a\u00e9\u4e2d\U0001F600");
    for (const char* bad : {"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xff", "\xf0\x9f\x98"})
        EXPECT_FALSE(decode_utf8(bad)) << bad;
}

TEST(Words, come_from_the_lines_of_a_file) {
    const test::TempDir folder;
    core::write_file(folder / "words.txt", "\xEF\xBB\xBFone two three\r\n\n  four\tfive  \n");
    const WordSource words(folder / "words.txt");
    core::Random random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const std::vector<std::string> phrase = words.phrase(2, random);
        ASSERT_GE(phrase.size(), 1u);
        ASSERT_LE(phrase.size(), 2u);
        std::string text;
        for (const std::string& word : phrase) text += word + " ";
        seen.insert(text);
    }
    EXPECT_EQ(seen,
              (std::set<std::string>{"one two ", "two three ", "three ", "four five ", "five "}));
}

TEST(Words, of_a_list_are_drawn_one_by_one) {
    const test::TempDir folder;
    core::write_file(folder / "words.txt", "a\nb\nc\n");
    const WordSource words(folder / "words.txt");
    core::Random random(1);
    EXPECT_EQ(words.phrase(4, random).size(), 4u);
}

TEST(Words, what_is_no_text_is_an_error) {
    const test::TempDir folder;
    core::write_file(folder / "empty.txt", " \n\t\r\n");
    core::write_file(folder / "latin1.txt", "caf\n\ncaf\xe9\n");
    const auto message = [&](const std::string& file) -> std::string {
        try {
            WordSource words(file);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_NE(message(folder / "empty.txt").find("empty.txt: there is no word"), std::string::npos);
    EXPECT_NE(message(folder / "latin1.txt").find("latin1.txt:3: is not UTF-8"), std::string::npos);
    EXPECT_NE(message(folder / "none.txt").find("none.txt"), std::string::npos);
}

TEST(Words, that_are_made_up_are_many_and_ascii_mostly) {
    const WordSource words("");
    core::Random random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i)
        for (const std::string& word : words.phrase(3, random)) {
            EXPECT_TRUE(decode_utf8(word).has_value());
            EXPECT_FALSE(word.empty());
            seen.insert(word);
        }
    EXPECT_GT(seen.size(), 500u);
}

TEST(Surroundings, summarise_a_box) {
    Image image(160, 80);
    for (int y = 0; y < 80; ++y)
        for (int x = 80; x < 160; ++x)
            for (int c = 0; c < 3; ++c)
                image.row(y)[3 * x + c] = static_cast<std::uint8_t>(y / 8 % 2 == 0 ? 200 : 100);
    const Surroundings surroundings(image);
    const auto dark = surroundings.of({10, 10, 40, 40});
    EXPECT_EQ(dark.mean.green, 0);
    EXPECT_EQ(dark.deviation, 0);
    const auto striped = surroundings.of({88, 0, 63, 70});
    EXPECT_NEAR(striped.mean.red, 150, 8);
    EXPECT_NEAR(striped.deviation, 50, 3);
    surroundings.of({-500, 900, 5000, 10});  // outside: the nearest place
}

}  // namespace
}  // namespace dbnet::synth
