#include "eval/errors.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/random.hpp"
#include "eval/evaluation.hpp"

namespace dbnet::eval {
namespace {

Polygon box(double x, double y, double width, double height) {
    return {{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}};
}

std::vector<DetectionError> errors_in(const Sample& sample) {
    const Evaluation evaluation({sample}, protocol_named("icdar"));
    return errors_of(evaluation.overlaps().front(), evaluation.results().front());
}

using Indices = std::vector<std::int32_t>;

TEST(EvalErrors, NoneWhereEverythingIsRightOrIgnored) {
    const Polygon text = box(0, 0, 100, 20);
    const Polygon ignored = box(0, 50, 100, 20);
    EXPECT_TRUE(errors_in({"a", {{text}, {ignored, true}}, {{text}, {ignored}}}).empty());
}

TEST(EvalErrors, MissAndFalsePositive) {
    const auto errors = errors_in({"a", {{box(0, 0, 100, 20)}}, {{box(0, 90, 100, 20)}}});
    ASSERT_EQ(errors.size(), 2u);
    EXPECT_EQ(errors[0].kind, ErrorKind::miss);
    EXPECT_EQ(errors[0].truths, Indices{0});
    EXPECT_EQ(errors[1].kind, ErrorKind::false_positive);
    EXPECT_EQ(errors[1].findings, Indices{0});
}

// Moved along by 45: 55 of 145 are common.
TEST(EvalErrors, NearMissIsOneError) {
    const auto errors = errors_in({"a", {{box(0, 0, 100, 20)}}, {{box(45, 0, 100, 20)}}});
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].kind, ErrorKind::near_miss);
    EXPECT_NEAR(errors[0].iou, 55.0 / 145, 1e-12);
    EXPECT_EQ(errors[0].findings, Indices{0});
}

TEST(EvalErrors, OneTextInTwoPieces) {
    const auto errors =
        errors_in({"a", {{box(0, 0, 100, 20)}}, {{box(0, 0, 48, 20)}, {box(52, 0, 48, 20)}}});
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].kind, ErrorKind::split);
    EXPECT_EQ(errors[0].findings, (Indices{0, 1}));
}

TEST(EvalErrors, TwoTextsInOnePiece) {
    const auto errors =
        errors_in({"a", {{box(0, 0, 45, 20)}, {box(55, 0, 45, 20)}}, {{box(0, 0, 100, 20)}}});
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].kind, ErrorKind::merge);
    EXPECT_EQ(errors[0].truths, (Indices{0, 1}));
}

TEST(EvalErrors, ASecondFindingIsAFalsePositive) {
    const Polygon text = box(0, 0, 100, 20);
    const auto errors = errors_in({"a", {{text}}, {{text}, {text}}});
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].kind, ErrorKind::false_positive);
    EXPECT_EQ(errors[0].findings, Indices{1});
    EXPECT_NEAR(errors[0].iou, 1, 1e-12);
}

// Whatever overlaps what: each truth and finding without a match is in an error, none that is
// ignored is.
TEST(EvalErrors, TellEveryErrorAndNothingElse) {
    core::Random random(3);
    const auto any_box = [&] {
        return box(random.uniform(0, 150), random.uniform(0, 40), random.uniform(5, 90),
                   random.uniform(5, 40));
    };
    for (int round = 0; round < 200; ++round) {
        Sample sample{"a", {}, {}};
        for (int i = 0; i < 8; ++i) {
            sample.truths.push_back({any_box(), random.below(4) == 0});
            sample.findings.push_back({any_box()});
        }
        const Evaluation evaluation({sample}, protocol_named("icdar"));
        const ImageResult result = evaluation.results().front();
        std::set<std::int32_t> truths;
        std::set<std::int32_t> findings;
        for (const DetectionError& error : errors_of(evaluation.overlaps().front(), result)) {
            truths.insert(error.truths.begin(), error.truths.end());
            findings.insert(error.findings.begin(), error.findings.end());
        }
        for (std::size_t i = 0; i < 8; ++i) {
            const auto index = static_cast<std::int32_t>(i);
            if (result.truth_fates[i] != Fate::matched) {
                EXPECT_EQ(truths.count(index), result.truth_fates[i] == Fate::unmatched);
            }
            if (result.finding_fates[i] != Fate::matched) {
                EXPECT_EQ(findings.count(index), result.finding_fates[i] == Fate::unmatched);
            }
        }
    }
}

}  // namespace
}  // namespace dbnet::eval
