#include "app/synthesise.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "app/dataset_config.hpp"
#include "app/train_config.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/timer.hpp"
#include "data/dataset.hpp"
#include "geometry/min_area_rect.hpp"
#include "image/encode.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 6;
constexpr std::int64_t kMostOptionBytes = 1'000'000;

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        core::fail(ErrorCode::io, folder.string(), ": cannot make this folder: ", error.message());
}

std::string name_of_picture(std::uint64_t number) {
    std::string digits = std::to_string(number);
    return digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
}

/// The options as a data set of a training configuration.
std::string describe(const synth::SynthOptions& options) {
    YamlNode node;
    write_value(node, options);
    return write_yaml(node);
}

/// A picture on its way through the pipeline.
struct Job {
    std::uint64_t number;
    data::Picture picture = {};
    bool skipped = false;
    std::string error = {};
};
using JobPointer = std::shared_ptr<Job>;

class Synthesis {
public:
    Synthesis(const synth::Generator& generator, const SynthesisOptions& options,
              const SynthesisHooks& hooks)
        : generator_(generator),
          options_(options),
          hooks_(hooks),
          folder_(options.folder),
          write_{options.format->name == "icdar" ? formats::Shape::quad : formats::Shape::polygon,
                 false, true} {
        std::string labels = data::usual_labels(std::string(options.format->name), image_file(0));
        if (labels.empty()) labels = (folder_ / options.format->file_name("labels")).string();
        summary_.labels =
            options.format->one_file() ? labels : fs::path(labels).parent_path().string();
    }

    SynthesisSummary run() {
        const core::Timer timer;
        make_folder(folder_ / "images");
        claim_folder();
        if (options_.format->one_file())
            writer_ = options_.format->open(summary_.labels, write_);
        else
            make_folder(summary_.labels);
        flow();
        if (writer_) writer_->finish();
        summary_.seconds = timer.seconds();
        return summary_;
    }

private:
    std::string image_file(std::uint64_t number) const {
        const char* const extension = options_.file == PictureFile::png ? ".png" : ".jpg";
        return (folder_ / "images" / (name_of_picture(number) + extension)).string();
    }

    std::string label_file(std::uint64_t number) const {
        return data::usual_labels(std::string(options_.format->name), image_file(number));
    }

    /// Pictures of different options are not mixed.
    void claim_folder() const {
        const std::string file = (folder_ / "synth.yaml").string();
        const std::string now = describe(generator_.options());
        if (fs::exists(file)) {
            const std::vector<std::uint8_t> bytes = core::read_file(file, kMostOptionBytes);
            const Differences found = differences({bytes.begin(), bytes.end()}, now);
            std::vector<std::string> lines = found.refused;
            lines.insert(lines.end(), found.accepted.begin(), found.accepted.end());
            for (const std::string& line : lines)
                if (!line.starts_with("count:"))
                    core::fail(ErrorCode::invalid_argument, folder_.string(),
                               ": holds pictures made with other options (", line,
                               "); choose another folder or remove this one");
        }
        core::write_file(file, now);
    }

    void flow() {
        namespace tbb = oneapi::tbb;
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                        static_cast<std::size_t>(options_.threads));
        tbb::task_arena arena(options_.threads);
        const auto first = tbb::make_filter<void, JobPointer>(
            tbb::filter_mode::serial_in_order,
            [this](tbb::flow_control& control) { return next(control); });
        const auto middle = tbb::make_filter<JobPointer, JobPointer>(
            tbb::filter_mode::parallel, [this](const JobPointer& job) { return make(job); });
        const auto last = tbb::make_filter<JobPointer, void>(
            tbb::filter_mode::serial_in_order, [this](const JobPointer& job) { finish(*job); });
        arena.execute([&] {
            tbb::parallel_pipeline(2 * static_cast<std::size_t>(options_.threads) + 4,
                                   first & middle & last);
        });
    }

    JobPointer next(oneapi::tbb::flow_control& control) {
        summary_.interrupted = summary_.interrupted || hooks_.interrupted();
        if (summary_.interrupted || next_ == generator_.count()) {
            control.stop();
            return nullptr;
        }
        return std::make_shared<Job>(Job{next_++});
    }

    /// A picture that cannot be made leaves the others alone; a file that cannot be written ends
    /// the run.
    JobPointer make(const JobPointer& job) const {
        const std::string image = image_file(job->number);
        const bool has_image = fs::exists(image);
        const bool has_labels = !writer_ && fs::exists(label_file(job->number));
        job->skipped = has_image && has_labels;
        if (job->skipped) return job;
        try {
            job->picture = generator_.make(job->number);
        } catch (const Error& error) {
            job->error = core::concat("picture ", job->number, ": ", error.what());
            return job;
        }
        for (formats::RecordRegion& region : job->picture.regions) add_quad(region);
        // The image last: its being there says that the picture is complete.
        if (!writer_)
            formats::write_image_file(*options_.format, label_file(job->number), record_of(*job),
                                      write_);
        if (!has_image)
            core::write_file(image, options_.file == PictureFile::png
                                        ? image::encode_png(job->picture.image)
                                        : image::encode_jpeg(job->picture.image));
        return job;
    }

    static void add_quad(formats::RecordRegion& region) {
        region.quad =
            region.polygon.size() == 4
                ? Quad{region.polygon[0], region.polygon[1], region.polygon[2], region.polygon[3]}
                : geometry::clockwise_from_top_left(
                      geometry::min_area_rect(region.polygon).corners);
    }

    /// A file for all images names them as they are called in their folder.
    formats::Record record_of(const Job& job) const {
        const fs::path file = image_file(job.number);
        formats::Record record{(writer_ ? file.filename() : file).string(),
                               job.picture.image.width(), job.picture.image.height()};
        record.regions = job.picture.regions;
        return record;
    }

    void finish(const Job& job) {
        if (!job.error.empty()) {
            ++summary_.failed;
            hooks_.on_error(job.error);
        } else if (job.skipped) {
            ++summary_.skipped;
        } else {
            ++summary_.made;
            summary_.texts += job.picture.regions.size();
            if (writer_) writer_->add(record_of(job));
        }
        hooks_.on_picture(job.number + 1, generator_.count());
    }

    const synth::Generator& generator_;
    const SynthesisOptions& options_;
    const SynthesisHooks& hooks_;
    const fs::path folder_;
    const formats::WriteOptions write_;
    std::unique_ptr<formats::RecordWriter> writer_;
    std::uint64_t next_ = 0;
    SynthesisSummary summary_;
};

}  // namespace

SynthesisSummary synthesise(const synth::Generator& generator, const SynthesisOptions& options,
                            const SynthesisHooks& hooks) {
    return Synthesis(generator, options, hooks).run();
}

}  // namespace dbnet::app
