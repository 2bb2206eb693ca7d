#include "app/val.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "app/detection_files.hpp"
#include "core/error.hpp"
#include "core/timer.hpp"

namespace dbnet::app {
namespace {

std::string stem_of(const data::LabelledImage& image) {
    return std::filesystem::path(image.image).stem().string();
}

std::vector<eval::Finding> findings_of(const formats::Record& record, formats::Shape shape) {
    std::vector<eval::Finding> findings;
    for (const formats::RecordRegion& region : record.regions)
        findings.push_back({formats::outline(region, shape, shape), region.score.value_or(1.0f)});
    return findings;
}

eval::Sample sample_of(const data::Dataset& data, const data::LabelledImage& image) {
    eval::Sample sample{stem_of(image), {}, {}};
    for (formats::RecordRegion& region : data::read_labels(data.spec(), image))
        sample.truths.push_back({std::move(region.polygon), region.ignore});
    return sample;
}

}  // namespace

Run predict_all(const Detector& detector, const DetectOptions& options, const data::Dataset& data,
                int lanes, const Progress& progress) {
    Run run;
    std::mutex mutex;
    std::size_t done = 0;
    const core::Timer timer;
    // One thread more than lanes, so that images are decoded while all lanes compute.
    namespace tbb = oneapi::tbb;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(lanes) + 1);
    tbb::task_arena arena(lanes + 1);
    arena.execute([&] {
        tbb::parallel_for(std::size_t{0}, data.images().size(), [&](std::size_t i) {
            const data::LabelledImage& labelled = data.images()[i];
            const core::Timer decoding;
            const Image image = Image::read(labelled.image);
            const double decode_ms = decoding.milliseconds();
            formats::Record record =
                to_record(labelled.image, detector.detect(image, options), decode_ms);
            const std::lock_guard lock(mutex);
            run.predictions.emplace(stem_of(labelled), std::move(record));
            progress(++done);
        });
    });
    run.seconds = timer.seconds();
    return run;
}

Validation validate(const data::Dataset& data, const Predictions& predictions,
                    const ValOptions& options) {
    std::vector<eval::Sample> samples;
    std::vector<std::string> warnings;
    std::size_t used = 0;
    for (const data::LabelledImage& image : data.images()) {
        eval::Sample& sample = samples.emplace_back(sample_of(data, image));
        const auto found = predictions.find(sample.name);
        if (found == predictions.end()) {
            warnings.push_back(sample.name + ": no result, counts as empty");
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
    Validation validation{std::move(evaluation), min_score, {}, {}, {}, std::move(warnings)};
    validation.results = validation.evaluation.results(min_score);
    for (const eval::ImageResult& result : validation.results) validation.totals.add(result);
    validation.confidence = eval::bootstrap(validation.results);
    return validation;
}

std::map<std::string, double> mean_timing(const Predictions& predictions) {
    std::map<std::string, double> sums;
    for (const auto& [name, record] : predictions)
        for (const auto& [step, milliseconds] : record.timing_ms)
            sums[step] += milliseconds / static_cast<double>(predictions.size());
    return sums;
}

}  // namespace dbnet::app
