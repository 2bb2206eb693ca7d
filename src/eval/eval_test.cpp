#include <oneapi/tbb/global_control.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <dbnet/error.hpp>

#include "core/random.hpp"
#include "eval/breakdown.hpp"
#include "eval/confidence.hpp"
#include "eval/evaluation.hpp"
#include "eval/repair.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::eval {
namespace {

Polygon box(double x, double y, double width, double height) {
    return {{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}};
}

Polygon turned(Polygon polygon, Point centre, double angle) {
    for (Point& point : polygon) {
        const double x = point.x - centre.x;
        const double y = point.y - centre.y;
        point = {centre.x + std::cos(angle) * x - std::sin(angle) * y,
                 centre.y + std::sin(angle) * x + std::cos(angle) * y};
    }
    return polygon;
}

ImageResult match(const char* protocol, const Sample& sample) {
    return Evaluation({sample}, protocol_named(protocol)).results().front();
}

TEST(EvalProtocols, UnknownNameListsTheNames) {
    try {
        protocol_named("icdra");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("icdar2013"), std::string::npos);
    }
}

// A text of 100 x 20 at 0 degrees: 20 degrees of turn are within pi/8 (22.5), 25 are not.
TEST(EvalTd500, AngleDecides) {
    const Polygon text = box(0, 0, 100, 20);
    const auto turned_by = [&](double degrees) {
        return turned(text, {50, 10}, degrees * std::numbers::pi / 180);
    };
    for (const double degrees : {20.0, -20.0, 180.0, 200.0})
        EXPECT_EQ(match("td500", {"a", {{text}}, {{turned_by(degrees)}}}).matches.size(), 1u)
            << degrees;
    for (const double degrees : {25.0, -25.0, 90.0})
        EXPECT_EQ(match("td500", {"a", {{text}}, {{turned_by(degrees)}}}).matches.size(), 0u)
            << degrees;
}

// Moved along by 30: IoU 70 / 130 > 1/2; by 40: 60 / 140. Both turned alike, which changes nothing
// for boxes that are levelled about their own centres, as long as the move is level, too.
TEST(EvalTd500, OverlapOfLevelledRectangles) {
    const auto at = [](double x) { return turned(box(x, 0, 100, 20), {x + 50, 10}, 0.6); };
    EXPECT_EQ(match("td500", {"a", {{at(0)}}, {{at(30)}}}).matches.size(), 1u);
    EXPECT_EQ(match("td500", {"a", {{at(0)}}, {{at(40)}}}).matches.size(), 0u);
}

TEST(EvalTd500, DifficultTextAndRepeatedFindings) {
    const Polygon text = box(0, 0, 100, 20);
    const Polygon difficult = box(0, 100, 100, 20);
    const ImageResult result =
        match("td500", {"a", {{text}, {difficult, true}}, {{text}, {text}, {difficult}}});
    EXPECT_EQ(result.truths, 1);
    EXPECT_EQ(result.findings, 2);
    EXPECT_EQ(result.matches.size(), 1u);
    EXPECT_EQ(result.finding_fates,
              (std::vector<Fate>{Fate::matched, Fate::unmatched, Fate::ignored}));
}

TEST(EvalIcdar2013, OneToOne) {
    const ImageResult result =
        match("icdar2013", {"a", {{box(0, 0, 100, 20)}}, {{box(0, 0, 90, 20)}}});
    EXPECT_DOUBLE_EQ(result.recall_sum, 1);
    EXPECT_DOUBLE_EQ(result.precision_sum, 1);
}

// Two halves cover the text: worth 0.8 for the text and 0.8 for each half.
TEST(EvalIcdar2013, OneTextInTwoPieces) {
    const ImageResult result = match(
        "icdar2013", {"a", {{box(0, 0, 100, 20)}}, {{box(0, 0, 50, 20)}, {box(50, 0, 50, 20)}}});
    EXPECT_DOUBLE_EQ(result.recall_sum, 0.8);
    EXPECT_DOUBLE_EQ(result.precision_sum, 1.6);
    EXPECT_EQ(result.findings, 2);
    const Sample pieces{"a", {{box(0, 0, 100, 20)}}, {{box(0, 0, 50, 20)}, {box(50, 0, 50, 20)}}};
    EXPECT_DOUBLE_EQ(Evaluation({pieces}, protocol_named("icdar2013")).average_precision(), 1);
}

// Two words found as one: 40 + 40 of 100 are text, above 0.4; both words count in full.
TEST(EvalIcdar2013, TwoTextsInOnePiece) {
    const ImageResult result = match(
        "icdar2013", {"a", {{box(0, 0, 40, 20)}, {box(60, 0, 40, 20)}}, {{box(0, 0, 100, 20)}}});
    EXPECT_DOUBLE_EQ(result.recall_sum, 2);
    EXPECT_DOUBLE_EQ(result.precision_sum, 1);
}

// 45 % in ignored text: ignored by MhLiao's rule (above 0.4), not by the official one (0.5).
TEST(EvalIcdar2013, IgnoredPart) {
    const Sample sample{"a", {{box(0, 0, 45, 20), true}}, {{box(0, 0, 100, 20)}}};
    EXPECT_EQ(match("icdar2013", sample).findings, 1);
    EXPECT_EQ(match("mhliao-deteval", sample).findings, 0);
}

// A rectangle that is turned counts with its box.
TEST(EvalIcdar2013, TakesBoxes) {
    const Polygon diamond{{50, 0}, {100, 50}, {50, 100}, {0, 50}};
    EXPECT_EQ(match("icdar2013", {"a", {{box(0, 0, 100, 100)}}, {{diamond}}}).matches.size(), 1u);
    EXPECT_EQ(match("icdar", {"a", {{box(0, 0, 100, 100)}}, {{diamond}}}).matches.size(), 0u);
}

TEST(EvalOptions, SmallTextIsIgnored) {
    OverlapOptions options = protocol_named("icdar").overlaps;
    options.ignore_below = 8;
    const Sample sample{"a", {{box(0, 0, 100, 7.9)}, {box(0, 50, 100, 8)}}, {}};
    EXPECT_EQ(Evaluation({sample}, protocol_named("icdar"), options).totals().truths, 1);
}

Polygon random_polygon(core::Random& random, double extent, std::size_t vertices) {
    Polygon polygon;
    const Point centre{random.uniform(0, extent), random.uniform(0, extent)};
    for (std::size_t i = 0; i < vertices; ++i)
        polygon.push_back({centre.x + random.uniform(-30, 30), centre.y + random.uniform(-30, 30)});
    return polygon;
}

Sample random_sample(core::Random& random, const std::string& name) {
    Sample sample{name, {}, {}};
    for (std::uint64_t i = random.below(12); i > 0; --i)
        sample.truths.push_back(
            {random_polygon(random, 200, 3 + random.below(9)), random.below(4) == 0});
    for (std::uint64_t i = random.below(12); i > 0; --i)
        sample.findings.push_back({random_polygon(random, 200, 3 + random.below(9)),
                                   static_cast<float>(random.uniform())});
    for (const Truth& truth : sample.truths)
        if (random.below(2) == 0) sample.findings.push_back({truth.polygon, 0.9f});
    return sample;
}

// Self-crossing polygons included: no figure leaves [0, 1], and a higher threshold never leaves
// more findings.
TEST(EvalProperties, FiguresAreFiguresAndOrderDoesNotMatter) {
    core::Random random(1);
    std::vector<Sample> samples;
    for (int i = 0; i < 40; ++i) samples.push_back(random_sample(random, std::to_string(i)));
    std::vector<Sample> backwards(samples.rbegin(), samples.rend());
    for (const Protocol& protocol : protocols()) {
        SCOPED_TRACE(protocol.name);
        const Evaluation forwards_evaluation(samples, protocol);
        const Evaluation backwards_evaluation(backwards, protocol);
        std::size_t findings = std::numeric_limits<std::size_t>::max();
        for (const float min_score : {0.0f, 0.3f, 0.6f, 0.95f}) {
            const Totals totals = forwards_evaluation.totals(min_score);
            const Figures figures = totals.figures();
            EXPECT_EQ(figures.hmean, backwards_evaluation.totals(min_score).figures().hmean);
            EXPECT_TRUE(figures.precision >= 0 && figures.precision <= 1);
            EXPECT_TRUE(figures.recall >= 0 && figures.recall <= 1);
            EXPECT_LE(static_cast<std::size_t>(totals.findings), findings);
            findings = static_cast<std::size_t>(totals.findings);
        }
        const Interval interval = confidence(forwards_evaluation.results()).hmean;
        const double hmean = forwards_evaluation.totals().figures().hmean;
        EXPECT_TRUE(interval.low <= hmean && hmean <= interval.high);
    }
}

// The same numbers, to the last bit, on one thread and on many, whatever the order.
TEST(EvalProperties, ThreadsAndOrderDoNotMatter) {
    core::Random random(5);
    std::vector<Sample> samples;
    for (int i = 0; i < 100; ++i) samples.push_back(random_sample(random, std::to_string(i)));
    std::vector<Sample> shuffled = samples;
    for (std::size_t i = shuffled.size() - 1; i > 0; --i)
        std::swap(shuffled[i], shuffled[random.below(i + 1)]);
    const auto figures = [](const std::vector<Sample>& given, std::size_t threads) {
        const oneapi::tbb::global_control limit(
            oneapi::tbb::global_control::max_allowed_parallelism, threads);
        std::vector<double> values;
        for (const Protocol& protocol : protocols()) {
            const Evaluation evaluation(given, protocol);
            const Figures total = evaluation.totals().figures();
            const Confidence trust = confidence(evaluation.results());
            values.insert(values.end(), {total.precision, total.recall, total.hmean,
                                         evaluation.average_precision(), trust.hmean.low,
                                         trust.hmean.high, trust.hmean_error});
            for (const CurvePoint& point : evaluation.curve(20))
                values.push_back(point.figures.hmean);
        }
        return values;
    };
    const std::vector<double> expected = figures(samples, 1);
    EXPECT_EQ(figures(samples, 8), expected);
    EXPECT_EQ(figures(shuffled, 1), expected);
    EXPECT_EQ(figures(shuffled, 8), expected);
}

TEST(EvalProperties, MaximumMatchingIsNeverSmaller) {
    core::Random random(2);
    for (int i = 0; i < 200; ++i) {
        Sample sample{"a", {}, {}};
        for (int k = 0; k < 8; ++k) {
            sample.truths.push_back({box(random.uniform(0, 60), 0, 100, 20)});
            sample.findings.push_back({box(random.uniform(0, 60), 0, 100, 20)});
        }
        EXPECT_GE(match("mmocr-maximum", sample).matches.size(),
                  match("mmocr", sample).matches.size());
    }
}

// First fit gives truth 0 the finding that truth 1 needs.
TEST(EvalProperties, MaximumMatchingFindsBoth) {
    const Sample sample{"a",
                        {{box(0, 0, 100, 20)}, {box(30, 0, 100, 20)}},
                        {{box(15, 0, 100, 20)}, {box(-25, 0, 100, 20)}}};
    EXPECT_EQ(match("mmocr", sample).matches.size(), 1u);
    EXPECT_EQ(match("mmocr-maximum", sample).matches.size(), 2u);
}

/// So many images with that many texts, `found` of them in each.
std::vector<ImageResult> results_of(std::size_t images, int texts, int found) {
    ImageResult result;
    result.truths = result.findings = texts;
    result.recall_sum = result.precision_sum = found;
    return std::vector<ImageResult>(images, result);
}

// Wilson's interval of 10 of 10 begins at 10 / (10 + 1.96^2) = 0.7225, of 8 of 10 it is 0.4902 to
// 0.9433 (Brown, Cai and DasGupta, Statistical Science 16, 2001).
TEST(EvalConfidence, FewTextsThatAreAllRightAreNotCertain) {
    const Confidence two = confidence(results_of(2, 5, 5));
    EXPECT_NEAR(two.hmean.low, 0.7225, 1e-4);
    EXPECT_EQ(two.hmean.high, 1);
    EXPECT_GT(two.hmean_error, 0.05);
    const Confidence most = confidence(results_of(2, 5, 4));
    EXPECT_NEAR(most.recall.low, 0.4902, 1e-4);
    EXPECT_NEAR(most.recall.high, 0.9433, 1e-4);
    EXPECT_EQ(confidence({}).hmean.high, 1) << "nothing is known of nothing";
}

// Of images that are right or wrong as a whole, each is one draw: the hmean is a share of images,
// and its standard error sqrt(p (1 - p) / n), whatever the number of their texts.
TEST(EvalConfidence, TextsOfAnImageCountTogether) {
    std::vector<ImageResult> results = results_of(50, 40, 40);
    const std::vector<ImageResult> wrong = results_of(50, 40, 0);
    results.insert(results.end(), wrong.begin(), wrong.end());
    const Confidence half = confidence(results, 4000);
    EXPECT_NEAR(half.hmean_error, 0.05, 0.003);
    EXPECT_NEAR(half.hmean.low, 0.5 - 1.96 * 0.05, 0.015);
    EXPECT_NEAR(half.hmean.high, 0.5 + 1.96 * 0.05, 0.015);
}

TEST(EvalHostile, DegenerateOutlinesAreLeftOut) {
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<Polygon> hostile{
        {},
        {{1, 1}},
        {{1, 1}, {1, 1}, {1, 1}},
        {{0, 0}, {10, 0}, {20, 0}},
        {{0, 0}, {infinity, 0}, {0, 10}},
        {{0, 0}, {nan, 0}, {0, 10}},
        {{-1e9, -1e9}, {1e9, -1e9}, {1e9, 1e9}, {-1e9, 1e9}},
        Polygon(kMaxVertices + 1, Point{1, 2}),
    };
    Sample sample{"a", {}, {}};
    for (const Polygon& polygon : hostile) {
        sample.truths.push_back({polygon});
        sample.findings.push_back({polygon});
    }
    for (const Protocol& protocol : protocols()) {
        const ImageResult result = match(std::string(protocol.name).c_str(), sample);
        EXPECT_EQ(result.truths, 0) << protocol.name;
        EXPECT_EQ(result.findings, 0) << protocol.name;
    }
}

/// Vertices that are no numbers, infinite, huge, tiny, repeated, on a line, on a coarse grid (so
/// that edges meet in all degenerate ways), or spikes.
Polygon hostile_polygon(core::Random& random) {
    Polygon polygon;
    const std::uint64_t vertices = random.below(14);
    const double extent = std::pow(10.0, random.uniform(-3, 9));
    for (std::uint64_t i = 0; i < vertices; ++i) {
        Point point{std::floor(random.uniform(0, 5)), std::floor(random.uniform(0, 5))};
        switch (random.below(12)) {
            case 0: point.x = std::numeric_limits<double>::quiet_NaN(); break;
            case 1: point.y = std::numeric_limits<double>::infinity(); break;
            case 2:
                point = {random.uniform(-extent, extent), random.uniform(-extent, extent)};
                break;
            case 3: point = polygon.empty() ? point : polygon.front(); break;
            case 4: point.y = 0; break;
            case 5: point.x += 1e-9; break;
            default: break;
        }
        if (random.below(30) != 0 || std::isfinite(point.x + point.y)) polygon.push_back(point);
    }
    return polygon;
}

TEST(EvalHostile, AnyPolygonsGiveFigures) {
    core::Random random(11);
    for (int round = 0; round < 300; ++round) {
        Sample sample{"a", {}, {}};
        for (std::uint64_t i = random.below(10); i > 0; --i)
            sample.truths.push_back({hostile_polygon(random), random.below(3) == 0});
        for (std::uint64_t i = random.below(10); i > 0; --i)
            sample.findings.push_back(
                {hostile_polygon(random), random.below(9) == 0 ? std::nanf("") : 0.5f});
        for (const Protocol& protocol : protocols()) {
            const Evaluation evaluation({sample}, protocol);
            const Figures figures = evaluation.totals().figures();
            EXPECT_TRUE(figures.hmean >= 0 && figures.hmean <= 1) << protocol.name;
            EXPECT_EQ(break_down(evaluation, evaluation.results()).size(), 15u);
        }
    }
}

TEST(EvalRepair, KeepsWhatWindsInItsOwnDirection) {
    // A clockwise square with a small loop the other way at a corner: the loop goes.
    const Polygon polygon{{0, 0}, {100, 0}, {100, 110}, {110, 110}, {110, 100}, {0, 100}};
    const Polygon fixed = repaired(polygon);
    EXPECT_NEAR(geometry::area(fixed), 100 * 100, 1e-3);
    EXPECT_TRUE(geometry::is_simple(fixed));
}

TEST(EvalNames, TwoImagesOfOneName) {
    EXPECT_THROW(Evaluation({{"a", {}, {}}, {"a", {}, {}}}, protocol_named("icdar")), Error);
}

}  // namespace
}  // namespace dbnet::eval
