// Time of scoring on one core: as many images and boxes as ICDAR2015's test set has, all steps of
// `val` included, and 100,000 boxes, on one page and on a thousand.
#include <oneapi/tbb/global_control.h>

#include <benchmark/benchmark.h>

#include <cmath>

#include "core/random.hpp"
#include "eval/breakdown.hpp"
#include "eval/confidence.hpp"
#include "eval/evaluation.hpp"

namespace dbnet::eval {
namespace {

/// A turned box of a word's size in a picture of `side` pixels.
Polygon random_word(core::Random& random, double side) {
    const Point centre{random.uniform(0, side), random.uniform(0, side)};
    const double width = random.uniform(20, 120);
    const double height = random.uniform(8, 40);
    const double angle = random.uniform(-0.5, 0.5);
    Polygon polygon;
    for (const auto& [x, y] : {Point{-1, -1}, Point{1, -1}, Point{1, 1}, Point{-1, 1}})
        polygon.push_back(
            {centre.x + (std::cos(angle) * x * width - std::sin(angle) * y * height) / 2,
             centre.y + (std::sin(angle) * x * width + std::cos(angle) * y * height) / 2});
    return polygon;
}

/// Half of the words annotated, all of them found a bit beside; every sixth is ignored.
std::vector<Sample> random_samples(int images, int boxes_per_image, double side) {
    core::Random random(1);
    std::vector<Sample> samples;
    for (int i = 0; i < images; ++i) {
        Sample& sample = samples.emplace_back(Sample{std::to_string(i), {}, {}});
        for (int k = 0; k < boxes_per_image / 2; ++k) {
            const Polygon word = random_word(random, side);
            sample.truths.push_back({word, random.below(6) == 0});
            Finding& finding =
                sample.findings.emplace_back(Finding{word, static_cast<float>(random.uniform())});
            for (Point& point : finding.polygon) point.x += random.uniform(-4, 4);
        }
    }
    return samples;
}

void score(benchmark::State& state, const char* protocol_name, int images, int boxes_per_image,
           double side) {
    const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                            1);
    const std::vector<Sample> samples = random_samples(images, boxes_per_image, side);
    const Protocol& protocol = protocol_named(protocol_name);
    for (auto _ : state) {
        const Evaluation evaluation(samples, protocol);
        const std::vector<ImageResult> results = evaluation.results();
        benchmark::DoNotOptimize(confidence(results).hmean.low);
        benchmark::DoNotOptimize(evaluation.curve().size());
        benchmark::DoNotOptimize(evaluation.average_precision());
        benchmark::DoNotOptimize(break_down(evaluation, results).size());
    }
}

const bool kRegistered = [] {
    const auto add = [](const std::string& name, const char* protocol, int images, int boxes,
                        double side) {
        benchmark::RegisterBenchmark((name + "/" + protocol).c_str(), score, protocol, images,
                                     boxes, side)
            ->Unit(benchmark::kMillisecond)
            ->MinTime(0.1);
    };
    for (const char* protocol : {"icdar", "icdar2013", "totaltext", "td500", "mmocr"}) {
        add("icdar2015_test", protocol, 500, 10, 1000);
        add("100000_boxes_in_1000_images", protocol, 1000, 100, 1000);
        add("100000_boxes_in_1_image", protocol, 1, 100'000, 16'000);
    }
    return true;
}();

}  // namespace
}  // namespace dbnet::eval
