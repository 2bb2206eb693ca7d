// Figures of the reference evaluators on recorded annotations and detections (golden README, 4).
#include <cmath>

#include "eval/evaluation.hpp"
#include "support/golden.hpp"

namespace dbnet::test {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-6;

Polygon polygon_of(const json& points) {
    Polygon polygon;
    for (const json& point : points) polygon.push_back({point[0], point[1]});
    return polygon;
}

/// Detections with a score below `min_score`, compared as the reference compares them (in double
/// precision), are left out. Names sort as the images are listed.
std::vector<eval::Sample> samples_of(const json& images, double min_score) {
    std::vector<eval::Sample> samples;
    for (const json& image : images) {
        eval::Sample& sample = samples.emplace_back();
        sample.name = std::to_string(1'000'000 + samples.size());
        for (const json& truth : image["gts"])
            sample.truths.push_back({polygon_of(truth["points"]), truth["ignore"]});
        for (const json& finding : image["dets"])
            if (finding["score"].get<double>() >= min_score)
                sample.findings.push_back({polygon_of(finding["points"]), finding["score"]});
    }
    return samples;
}

void expect_figures(const eval::Figures& actual, const json& expected) {
    EXPECT_NEAR(actual.precision, expected["precision"].get<double>(), kTolerance);
    EXPECT_NEAR(actual.recall, expected["recall"].get<double>(), kTolerance);
    EXPECT_NEAR(actual.hmean, expected["hmean"].get<double>(), kTolerance);
}

void expect_counts(const std::vector<eval::ImageResult>& results, const json& per_image) {
    ASSERT_EQ(results.size(), per_image.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        SCOPED_TRACE("image " + std::to_string(i));
        const json& expected = per_image[i];
        EXPECT_NEAR(results[i].recall_sum, expected[0].get<double>(), kTolerance);
        if (expected.size() == 4) {
            EXPECT_NEAR(results[i].precision_sum, expected[1].get<double>(), kTolerance);
        }
        EXPECT_EQ(results[i].truths, expected[expected.size() - 2].get<std::int64_t>());
        EXPECT_EQ(results[i].findings, expected[expected.size() - 1].get<std::int64_t>());
    }
}

void expect_parts(const std::vector<eval::ImageResult>& results, const json& per_image) {
    ASSERT_EQ(results.size(), per_image.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
        SCOPED_TRACE("image " + std::to_string(i));
        eval::Totals totals;
        totals.add(results[i]);
        EXPECT_NEAR(totals.figures().recall, per_image[i][0].get<double>(), kTolerance);
        EXPECT_NEAR(totals.figures().precision, per_image[i][1].get<double>(), kTolerance);
    }
}

void expect_sweep(const json& images, const eval::Protocol& protocol, const json& expected) {
    const eval::Evaluation evaluation(samples_of(images, 0), protocol);
    const json& sweep = expected["sweep"];
    ASSERT_EQ(protocol.sweep.size(), sweep.size());
    for (std::size_t i = 0; i < sweep.size(); ++i) {
        SCOPED_TRACE(sweep[i]["score_thr"]);
        const eval::Totals totals = evaluation.totals(protocol.sweep[i]);
        EXPECT_EQ(std::llround(totals.recall_sum), sweep[i]["hits"].get<long long>());
        EXPECT_EQ(totals.truths, sweep[i]["gt_num"].get<std::int64_t>());
        EXPECT_EQ(totals.findings, sweep[i]["pred_num"].get<std::int64_t>());
        expect_figures(totals.figures(), sweep[i]);
    }
    expect_figures(evaluation.totals(evaluation.reported_threshold()).figures(), expected["best"]);
}

/// Which protocol an expectation's name stands for: "rrc_iou@0.5", ...
const eval::Protocol& protocol_of(const std::string& name) {
    static const std::map<std::string, std::string> kNames{
        {"rrc_iou", "icdar"},
        {"rrc_iou_confidences", "icdar-by-score"},
        {"mhliao_iou", "icdar"},
        {"mhliao_deteval", "mhliao-deteval"},
        {"totaltext_deteval", "totaltext"},
        {"mmocr_hmean_vanilla", "mmocr"},
        {"mmocr_hmean_max_matching", "mmocr-maximum"}};
    return eval::protocol_named(kNames.at(name.substr(0, name.find('@'))));
}

void expect_result(const json& images, const std::string& name, const json& expected) {
    const eval::Protocol& protocol = protocol_of(name);
    if (expected.contains("sweep")) return expect_sweep(images, protocol, expected);
    const std::size_t threshold = name.find('@');
    const double min_score =
        threshold == std::string::npos ? 0 : std::stod(name.substr(threshold + 1));
    const eval::Evaluation evaluation(samples_of(images, min_score), protocol);
    const std::vector<eval::ImageResult> results = evaluation.results();
    expect_figures(evaluation.totals().figures(), expected);
    if (expected.contains("per_image")) expect_counts(results, expected["per_image"]);
    if (expected.contains("per_image_recall_precision"))
        expect_parts(results, expected["per_image_recall_precision"]);
    if (expected.contains("AP")) {
        EXPECT_NEAR(evaluation.average_precision(), expected["AP"].get<double>(), kTolerance);
    }
}

TEST(GoldenEvaluation, Protocols) {
    const std::string section = golden_section("evaluation");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : files_ending(section, ".json")) {
        const json content = read_json(path);
        for (const auto& [name, expected] : content["expected"].items()) {
            SCOPED_TRACE(path + " " + name);
            expect_result(content["images"], name, expected);
            ++cases;
        }
    }
    report_golden("evaluation", cases);
}

}  // namespace
}  // namespace dbnet::test
