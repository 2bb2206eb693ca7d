#include "app/val.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamesShown = 3;

std::vector<eval::Finding> findings_of(const formats::Record& record, formats::Shape shape) {
    std::vector<eval::Finding> findings;
    for (const formats::RecordRegion& region : record.regions)
        findings.push_back({formats::outline(region, shape, shape), region.score.value_or(1.0f)});
    return findings;
}

/// "a, b, c and 7 more images have no result and count as empty".
std::string missing_text(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kNamesShown)
        text += core::concat(" and ", names.size() - kNamesShown, " more images");
    return text +
           (names.size() == 1 ? ": no result, counts as empty" : ": no result, count as empty");
}

}  // namespace

eval::Sample annotated(const data::Dataset& data, const data::LabelledImage& image) {
    eval::Sample sample{data::name_of(image), {}, {}};
    for (formats::RecordRegion& region : data::read_labels(data.spec(), image))
        sample.truths.push_back({std::move(region.polygon), region.ignore});
    return sample;
}

double Run::images_per_second() const {
    return static_cast<double>(summary.done) / std::max(summary.seconds, 1e-9);
}

Run predict_all(const Detector& detector, PredictOptions options, const data::Dataset& data,
                PredictHooks hooks) {
    Run run;
    options.output.reset();
    options.inputs.clear();
    for (const data::LabelledImage& image : data.images()) {
        options.inputs.push_back({image.image, image.image});
        run.predictions[data::name_of(image)].image = image.image;
    }
    hooks.on_record = [&](const formats::Record& record) {
        run.predictions[fs::path(record.image).stem().string()] = record;
    };
    run.summary = predict(detector, options, hooks);
    return run;
}

Validation validate(const data::Dataset& data, const Predictions& predictions,
                    const ValOptions& options) {
    std::vector<eval::Sample> samples;
    std::vector<std::string> missing;
    std::size_t used = 0;
    for (const data::LabelledImage& image : data.images()) {
        eval::Sample& sample = samples.emplace_back(annotated(data, image));
        const auto found = predictions.find(sample.name);
        if (found == predictions.end()) {
            missing.push_back(sample.name);
            continue;
        }
        ++used;
        sample.findings = findings_of(found->second, options.shape);
    }
    eval::OverlapOptions overlaps = options.protocol->overlaps;
    overlaps.ignore_below = options.ignore_below;
    eval::Evaluation evaluation(std::move(samples), *options.protocol, overlaps);
    if (used != predictions.size())
        for (const auto& [name, record] : predictions)
            if (!std::ranges::binary_search(evaluation.samples(), name, {}, &eval::Sample::name))
                core::fail(ErrorCode::invalid_argument, "a result for ", name,
                           ", which is no image of the data set");
    const float min_score = evaluation.reported_threshold();
    Validation validation{std::move(evaluation), min_score, {}, {}, {}, {}};
    if (!missing.empty()) validation.warnings.push_back(missing_text(missing));
    validation.results = validation.evaluation.results(min_score);
    for (const eval::ImageResult& result : validation.results) validation.totals.add(result);
    validation.confidence = eval::confidence(validation.results);
    return validation;
}

std::map<std::string, double> mean_timing(const Predictions& predictions) {
    std::map<std::string, double> sums;
    std::size_t timed = 0;
    for (const auto& [name, record] : predictions) {
        timed += !record.timing_ms.empty();
        for (const auto& [step, milliseconds] : record.timing_ms) sums[step] += milliseconds;
    }
    for (auto& [step, sum] : sums) sum /= static_cast<double>(timed);
    return sums;
}

}  // namespace dbnet::app
