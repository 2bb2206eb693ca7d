#include "app/predict.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>
#include <utility>

#include "app/detection_files.hpp"
#include "app/pages.hpp"
#include "core/error.hpp"
#include "core/threads.hpp"
#include "core/timer.hpp"

namespace dbnet::app {
namespace {

/// One image on its way through the pipeline.
struct Job {
    const Input& input;
    core::Timer timer = {};
    Image image = {};
    double decode_ms = 0;
    Detection detection = {};
    formats::Record record = {};
    std::string error = {};  ///< set: the remaining steps pass it on
    bool unwritten = false;  ///< the error is one of writing
};
using JobPointer = std::shared_ptr<Job>;

class Pipeline {
public:
    Pipeline(const Detector& detector, const PredictOptions& options, const PredictHooks& hooks)
        : detector_(detector),
          options_(options),
          hooks_(hooks),
          settings_(detector.effective(options.detect)),
          inputs_(options.inputs) {
        if (options.output) output_.emplace(*options.output);
    }

    PredictSummary run() {
        if (output_) prepare_output();
        hooks_.on_start(inputs_.size());
        const core::Timer timer;
        flow();
        if (output_) output_->finish();
        summary_.seconds = timer.seconds();
        return summary_;
    }

private:
    void prepare_output() {
        for (const std::string& message : output_->refuse_clashes(inputs_)) report({"", message});
        if (options_.skip_existing) {
            const std::size_t before = inputs_.size();
            output_->skip_existing(inputs_);
            summary_.skipped = before - inputs_.size();
        }
        output_->open(inputs_, options_.skip_existing);
    }

    /// Two threads more than lanes, so that images are decoded and written while all lanes compute.
    void flow() {
        namespace tbb = oneapi::tbb;
        const int threads = options_.lanes + 2;
        core::require_threads(threads + options_.threads);  // oneTBB would end the process, too
        const std::size_t images_in_work = 2 * static_cast<std::size_t>(options_.lanes) + 4;
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                        static_cast<std::size_t>(threads));
        tbb::task_arena arena(threads);
        const auto first = tbb::make_filter<void, JobPointer>(
            tbb::filter_mode::serial_in_order,
            [this](tbb::flow_control& control) { return next(control); });
        const auto parallel = [this](Step step, std::optional<ErrorCode> fatal) {
            return tbb::make_filter<JobPointer, JobPointer>(
                tbb::filter_mode::parallel,
                [this, step, fatal](const JobPointer& job) { return attempt(job, step, fatal); });
        };
        const auto last = tbb::make_filter<JobPointer, void>(
            tbb::filter_mode::serial_in_order, [this](const JobPointer& job) {
                const auto fatal = output_ ? std::nullopt : std::optional(ErrorCode::io);
                finish(*attempt(job, &Pipeline::list, fatal));
            });
        arena.execute([&] {
            tbb::parallel_pipeline(images_in_work,
                                   first & parallel(&Pipeline::decode, std::nullopt) &
                                       parallel(&Pipeline::detect, ErrorCode::invalid_argument) &
                                       parallel(&Pipeline::write, std::nullopt) & last);
        });
    }

    JobPointer next(oneapi::tbb::flow_control& control) {
        summary_.interrupted = summary_.interrupted || hooks_.interrupted();
        if (summary_.interrupted || position_ == inputs_.size()) {
            control.stop();
            return nullptr;
        }
        return std::make_shared<Job>(Job{inputs_[position_++]});
    }

    using Step = void (Pipeline::*)(Job&);

    /// Does one step. What goes wrong stays with the image, unless it is of the kind `fatal`: then
    /// it concerns all of them and ends the run.
    JobPointer attempt(const JobPointer& job, Step step, std::optional<ErrorCode> fatal) {
        if (!job->error.empty()) return job;
        try {
            (this->*step)(*job);
        } catch (const Error& error) {
            if (error.code() == fatal) throw;
            job->error = error.what();
            job->unwritten = step == &Pipeline::write || step == &Pipeline::list;
        } catch (const std::bad_alloc&) {
            job->error = job->input.shown() + ": not enough memory";
        }
        return job;
    }

    void decode(Job& job) {
        const core::Timer timer;
        job.image = read_input(job.input, options_.decode, options_.dpi);
        job.decode_ms = timer.milliseconds();
    }

    void detect(Job& job) {
        job.detection = detector_.detect(job.image, options_.detect);
        std::vector<std::string>& warnings = job.detection.warnings;
        warnings.insert(warnings.begin(), job.image.warnings().begin(), job.image.warnings().end());
        job.record = to_record(job.input.shown(), job.detection, job.decode_ms);
    }

    void write(Job& job) {
        if (output_)
            output_->write_image(
                {job.input, job.record, job.detection, job.image, detector_.preset(), settings_});
        job.image = {};
        job.detection.map = {};
    }

    void list(Job& job) {
        if (output_)
            output_->add(job.record);
        else
            hooks_.on_record(job.record);
    }

    void finish(Job& job) {
        summary_.unwritten += job.unwritten;
        report({job.input.shown(), std::move(job.error), std::move(job.record.warnings),
                job.record.regions.size(), job.detection.input_width, job.detection.input_height,
                job.timer.milliseconds()});
    }

    void report(const ImageReport& report) {
        if (report.error.empty()) {
            ++summary_.done;
            summary_.regions += report.regions;
        } else {
            ++summary_.failed;
        }
        hooks_.on_image(report);
    }

    const Detector& detector_;
    const PredictOptions& options_;
    const PredictHooks& hooks_;
    const DetectOptions settings_;
    std::vector<Input> inputs_;
    std::size_t position_ = 0;
    std::optional<OutputFolder> output_;
    PredictSummary summary_;
};

}  // namespace

PredictSummary predict(const Detector& detector, const PredictOptions& options,
                       const PredictHooks& hooks) {
    return Pipeline(detector, options, hooks).run();
}

}  // namespace dbnet::app
