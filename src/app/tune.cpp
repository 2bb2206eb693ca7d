// Each map is read once and post-processed once for each binarisation threshold, unclip setting and
// minimum size. Box thresholds come for free: a region's score does not depend on them, so they
// only choose among the regions that the lowest one leaves.
#include "app/tune.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "app/map_folder.hpp"
#include "app/option_names.hpp"
#include "app/plateau.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "detect/settings.hpp"
#include "model/onnx.hpp"

namespace dbnet::app {
namespace {

using Findings = std::vector<eval::Finding>;

/// The metadata of a model that detects natively with the input that `settings` say.
detect::Metadata native(detect::Metadata metadata, const detect::ModelSettings& settings) {
    const auto triple = [](const std::array<float, 3>& values) {
        return core::concat(values[0], ",", values[1], ",", values[2]);
    };
    const detect::InputSpec& input = settings.input;
    metadata["dbnet.preset"] = "native";
    metadata["dbnet.color_order"] = input.order == detect::ChannelOrder::bgr ? "BGR" : "RGB";
    metadata["dbnet.mean"] = triple(input.mean);
    metadata["dbnet.std"] = triple(input.std);
    metadata["dbnet.size"] = settings.size.to_string();
    return metadata;
}

/// "icdar hmean 0.7801 (95 %: 0.7412 to 0.8190) on 100 images".
std::string outcome(const Trial& trial, const eval::Protocol& protocol, std::size_t images) {
    char text[128];
    std::snprintf(text, sizeof text, " hmean %.4f (95 %%: %.4f to %.4f) on %zu image%s",
                  trial.figures.hmean, trial.confidence.hmean.low, trial.confidence.hmean.high,
                  images, images == 1 ? "" : "s");
    return std::string(protocol.name) + text;
}

void add(detect::Metadata& metadata, const Trial& chosen) {
    metadata["dbnet.threshold"] = core::concat(chosen.threshold);
    metadata["dbnet.box_threshold"] = core::concat(chosen.box_threshold);
    metadata["dbnet.unclip"] = name_of(chosen.unclip.unclip, kUnclips);
    metadata["dbnet.min_size"] = core::concat(chosen.min_size);
    if (chosen.unclip.unclip == Unclip::ratio)
        metadata["dbnet.unclip_ratio"] = core::concat(chosen.unclip.ratio);
}

void write_sweep(const std::string& path, const std::vector<Trial>& trials) {
    std::string csv =
        "threshold,unclip,min_size,box_threshold,precision,recall,hmean,hmean_low,hmean_high\n";
    for (const Trial& trial : trials)
        csv += core::concat(trial.threshold, ",", to_string(trial.unclip), ",", trial.min_size, ",",
                            trial.box_threshold, ",", trial.figures.precision, ",",
                            trial.figures.recall, ",", trial.figures.hmean, ",",
                            trial.confidence.hmean.low, ",", trial.confidence.hmean.high, "\n");
    core::write_file(path, csv);
}

class Tuner {
public:
    Tuner(const data::Dataset& data, const TuneOptions& options, const TuneHooks& hooks)
        : data_(data),
          options_(options),
          hooks_(hooks),
          graph_(model::read_onnx(options.model)),
          settings_(detect::settings_of(graph_.metadata, options.preset)),
          lowest_score_(lowest(options.box_thresholds)) {
        if (options.size) settings_.size = *options.size;
        metadata_ = native(graph_.metadata, settings_);
        make_combinations();
        maps_.emplace(options.folder, options.model, settings_.preset, settings_.size);
    }

    Tuning run() {
        compute_maps();
        if (tuning_.summary.done + tuning_.summary.skipped > 0 && !tuning_.summary.interrupted) {
            sweep();
            if (!tuning_.summary.interrupted) write();
        }
        return std::move(tuning_);
    }

private:
    /// What one post-processing is done with, and what it finds in each image.
    struct Combination {
        Trial trial;
        detect::PostprocessOptions options;
        std::vector<Findings> findings;
    };

    static float lowest(const std::vector<float>& values) {
        if (values.empty())
            core::fail(ErrorCode::invalid_argument,
                       "no box threshold to try, expected at least one");
        return std::ranges::min(values);
    }

    void make_combinations() {
        const detect::ModelSettings tuned = detect::settings_of(metadata_, std::nullopt);
        for (const float threshold : options_.thresholds)
            for (const UnclipSetting& unclip : options_.unclips)
                for (const float min_size : options_.min_sizes) {
                    DetectOptions detect;
                    detect.threshold = threshold;
                    detect.box_threshold = lowest_score_;
                    detect.unclip = unclip.unclip;
                    detect.unclip_ratio = unclip.ratio;
                    detect.min_size = min_size;
                    combinations_.push_back({{threshold, unclip, min_size},
                                             detect::merge(tuned, detect),
                                             std::vector<Findings>(data_.images().size())});
                }
        for (const float box_threshold : options_.box_thresholds) {
            DetectOptions detect;
            detect.box_threshold = box_threshold;
            detect::merge(tuned, detect);  // refuses what is out of range
        }
        if (combinations_.empty())
            core::fail(ErrorCode::invalid_argument,
                       "no setting to try, expected at least one each");
    }

    void compute_maps() {
        PredictOptions predict;
        for (const data::LabelledImage& image : data_.images()) {
            maps_->remove_outdated(image);
            if (!maps_->has(image))
                predict.inputs.push_back({image.image, data::name_of(image) + ".map"});
        }
        const std::size_t there = data_.images().size() - predict.inputs.size();
        if (!predict.inputs.empty()) {
            predict.detect.size = settings_.size;
            predict.detect.keep_map = true;
            predict.lanes = options_.threads;
            predict.output = OutputOptions{maps_->path(), {}, {}, false, false, true};
            const Detector detector = Detector::open(
                options_.model, {options_.threads, options_.threads, options_.preset});
            tuning_.summary = app::predict(detector, predict, hooks_.predict);
        }
        tuning_.summary.skipped = there;
    }

    void sweep() {
        namespace tbb = oneapi::tbb;
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                        static_cast<std::size_t>(options_.threads));
        std::vector<eval::Sample> samples(data_.images().size());
        std::atomic<bool> stopped = false;
        std::mutex mutex;
        std::size_t done = 0;
        tbb::parallel_for(std::size_t{0}, samples.size(), [&](std::size_t i) {
            if (stopped || hooks_.predict.interrupted()) {
                stopped = true;
                return;
            }
            samples[i] = annotated(data_, data_.images()[i]);
            if (maps_->has(data_.images()[i])) postprocess(i);
            const std::lock_guard lock(mutex);
            hooks_.on_swept(++done);
        });
        for (Combination& combination : combinations_) {
            if (stopped || hooks_.predict.interrupted()) {
                tuning_.summary.interrupted = true;
                return;
            }
            score(combination, samples);
        }
        std::ranges::stable_sort(tuning_.trials, std::ranges::greater{},
                                 [](const Trial& trial) { return trial.figures.hmean; });
        const Plateau plateau = plateau_of(tuning_.trials);
        tuning_.chosen = plateau.middle;
        tuning_.plateau = plateau.size;
    }

    void postprocess(std::size_t index) {
        const ProbabilityMap map = maps_->read(data_.images()[index]);
        const detect::MapView view{map.values.data(), map.width,        map.height,
                                   map.valid_width,   map.valid_height, map.image_width,
                                   map.image_height};
        for (Combination& combination : combinations_)
            for (const Region& region : detect::postprocess(view, combination.options).regions)
                combination.findings[index].push_back(
                    {formats::outline({region.polygon, region.quad, region.rect}, options_.shape,
                                      options_.shape),
                     region.score});
    }

    void score(Combination& combination, std::vector<eval::Sample>& samples) {
        for (std::size_t i = 0; i < samples.size(); ++i)
            samples[i].findings = std::move(combination.findings[i]);
        const eval::Evaluation evaluation(samples, *options_.protocol);
        std::vector<Trial> trials(options_.box_thresholds.size(), combination.trial);
        oneapi::tbb::parallel_for(std::size_t{0}, trials.size(), [&](std::size_t i) {
            const float box_threshold = options_.box_thresholds[i];
            trials[i].box_threshold = box_threshold;
            const std::vector<eval::ImageResult> results = evaluation.results(box_threshold);
            eval::Totals totals;
            for (const eval::ImageResult& result : results) totals.add(result);
            trials[i].figures = totals.figures();
            trials[i].confidence = eval::confidence(results);
        });
        tuning_.trials.insert(tuning_.trials.end(), trials.begin(), trials.end());
    }

    void write() {
        make_folder(options_.folder);
        write_sweep(options_.folder + "/sweep.csv", tuning_.trials);
        const Trial& chosen = tuning_.trials[tuning_.chosen];
        add(metadata_, chosen);
        metadata_["dbnet.tuning"] = outcome(chosen, *options_.protocol, data_.images().size());
        graph_.metadata = metadata_;
        model::write_onnx(graph_, options_.folder + "/model.onnx");
    }

    const data::Dataset& data_;
    const TuneOptions& options_;
    const TuneHooks& hooks_;
    model::Graph graph_;
    detect::ModelSettings settings_;
    detect::Metadata metadata_;  ///< of the model that is written
    const float lowest_score_;
    std::vector<Combination> combinations_;
    std::optional<MapFolder> maps_;
    Tuning tuning_;
};

/// The words of a name in small letters.
std::vector<std::string> words_of(const std::string& name) {
    std::vector<std::string> words(1);
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalpha(byte) != 0)
            words.back() += static_cast<char>(std::tolower(byte));
        else if (!words.back().empty())
            words.emplace_back();
    }
    return words;
}

}  // namespace

std::string to_string(const UnclipSetting& unclip) {
    return unclip.unclip == Unclip::exact ? "exact" : core::concat(unclip.ratio);
}

Tuning tune(const data::Dataset& data, const TuneOptions& options, const TuneHooks& hooks) {
    return Tuner(data, options, hooks).run();
}

bool looks_like_test_set(const data::Dataset& data) {
    constexpr std::size_t kIcdar2015Images = 500;
    const std::vector<data::LabelledImage>& images = data.images();
    const bool is_icdar2015 = images.size() == kIcdar2015Images &&
                              std::ranges::all_of(images, [](const data::LabelledImage& image) {
                                  return data::name_of(image).starts_with("img_");
                              });
    const std::filesystem::path folder =
        std::filesystem::path(data.spec().images + "/").lexically_normal().parent_path();
    const auto is_test = [](const std::string& word) { return word.starts_with("test"); };
    return is_icdar2015 || std::ranges::any_of(words_of(folder.filename()), is_test) ||
           std::ranges::any_of(words_of(folder.parent_path().filename()), is_test);
}

}  // namespace dbnet::app
