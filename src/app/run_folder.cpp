#include "app/run_folder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "formats/document.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using Json = formats::OrderedJson;

constexpr double kLogSeconds = 10;
constexpr double kEventSeconds = 1;
constexpr double kImageSpacing = 1.1;
constexpr int kLongestOnTensorBoard = 1280;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kColumns =
    "step,epoch,samples,loss,probability_loss,threshold_loss,binary_loss,learning_rate,precision,"
    "recall,hmean,box_threshold,images_per_second,peak_memory_mb,data_seconds,forward_seconds,"
    "backward_seconds,optimizer_seconds,validation_seconds,seconds";

std::string made(std::string folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) core::fail(ErrorCode::io, folder, ": cannot make the folder: ", error.message());
    return folder;
}

/// Rewrites a text file, if it is there, with those of its lines that are kept; a torn last line is
/// not. Returns its path.
std::string keep_lines(const std::string& path, const std::function<bool(std::string_view)>& keep) {
    if (!fs::exists(path)) return path;
    const std::vector<std::uint8_t> bytes = core::read_file(path);
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    core::AtomicFile file(path);
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
        if (keep(rest.substr(0, end))) file.write(rest.substr(0, end + 1));
        rest.remove_prefix(end + 1);
    }
    file.commit();
    return path;
}

bool completes_epoch(const train::RunPosition& at) {
    const double step = at.epoch / static_cast<double>(at.step);
    return std::floor(at.epoch) > std::floor(at.epoch - step + 1e-9);
}

/// A cell of a table; empty for what is not known.
std::string cell(double value) {
    if (std::isnan(value)) return "";
    char text[32];
    std::snprintf(text, sizeof text, "%.7g", value);
    return text;
}

Json event_at(const char* kind, const train::RunPosition& at, double seconds) {
    return {{"time", core::utc_time()}, {"event", kind},         {"step", at.step},
            {"epoch", at.epoch},        {"samples", at.samples}, {"seconds", seconds}};
}

const char* name_of(core::LogLevel level) {
    switch (level) {
        case core::LogLevel::debug: return "debug";
        case core::LogLevel::info: return "info";
        case core::LogLevel::warning: return "warning";
        case core::LogLevel::error: return "error";
    }
    return "";
}

std::string hmean_text(double hmean, const eval::Interval& interval) {
    char text[64];
    std::snprintf(text, sizeof text, "hmean %.4f (95 %%: %.4f to %.4f)", hmean, interval.low,
                  interval.high);
    return text;
}

std::string describe(const train::ValidationReport& report) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "step %llu, epoch %.1f: precision %.4f, recall %.4f, %s at box threshold %.2f, "
                  "loss %.4f%s (%zu images, %.1f s)",
                  static_cast<unsigned long long>(report.at.step), report.at.epoch,
                  report.figures.precision, report.figures.recall,
                  hmean_text(report.figures.hmean, report.hmean_95).c_str(),
                  static_cast<double>(report.box_threshold), report.loss,
                  report.is_best ? ", the best yet" : "", report.images, report.seconds);
    return text;
}

std::string describe_best(std::uint64_t step, double hmean, const eval::Interval& interval,
                          std::size_t images) {
    return core::concat("best: step ", step, ", ", hmean_text(hmean, interval), " on ", images,
                        images == 1 ? " image" : " images");
}

}  // namespace

RunFolder::RunFolder(std::string folder, std::uint64_t resumed_step, const detect::InputSpec& input,
                     Say say, Status status)
    : folder_(made(std::move(folder))),
      resumed_step_(resumed_step),
      input_(input),
      say_(std::move(say)),
      status_(std::move(status)),
      log_(keep_lines(folder_ + "/train.log", [](std::string_view) { return true; })),
      events_(cut_events()),
      results_(cut_results()),
      tensorboard_(folder_ + "/tensorboard", resumed_step == 0 ? 0 : resumed_step + 1),
      pictures_(folder_ + "/pictures", resumed_step) {
    last_.at.step = resumed_step;
    guarded([&] {
        log(resumed_step == 0 ? "begins" : core::concat("goes on after step ", resumed_step));
    });
}

RunFolder::~RunFolder() {
    guarded([&] {
        write_step_event();
        write_row(nullptr);
        curves_.write(folder_ + "/plots");
        if (!best_.empty()) log(best_);
        log(core::concat("ends after step ", last_.at.step, ", ", core::duration_text(seconds())));
    });
}

std::string RunFolder::cut_events() {
    return keep_lines(folder_ + "/events.jsonl", [&](std::string_view line) {
        const formats::Json event = formats::Json::parse(line, nullptr, false);
        try {
            if (event.at("step").get<std::uint64_t>() > resumed_step_) return false;
            recall(event);
            return true;
        } catch (const formats::Json::exception&) {
            return false;
        }
    });
}

/// What an earlier sitting wrote.
void RunFolder::recall(const formats::Json& event) {
    const auto number = [&](const char* key) {
        const formats::Json& value = event.at(key);
        return value.is_null() ? kUnknown : value.get<double>();
    };
    const auto step = event.at("step").get<std::uint64_t>();
    const auto kind = event.at("event").get<std::string>();
    seconds_before_ = std::max(seconds_before_, number("seconds"));
    if (kind == "step") {
        curves_.add(step,
                    {number("loss"), number("probability_loss"), number("threshold_loss"),
                     number("binary_loss")},
                    number("learning_rate"));
    } else if (kind == "validation") {
        curves_.add(step, {number("precision"), number("recall"), number("hmean")});
        validated_ = step;
        if (const auto interval = event.find("hmean_95");
            event.at("is_best").get<bool>() && interval != event.end())
            best_ = describe_best(step, number("hmean"),
                                  {interval->at(0).get<double>(), interval->at(1).get<double>()},
                                  event.at("images").get<std::size_t>());
    }
}

std::string RunFolder::cut_results() const {
    const std::string path = folder_ + "/results.csv";
    if (!fs::exists(path)) core::write_file(path, core::concat(kColumns, "\n"));
    return keep_lines(path, [&](std::string_view line) {
        std::uint64_t step = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), step);
        return line == kColumns ||
               (error == std::errc() && step <= resumed_step_ &&
                std::ranges::count(line, ',') == std::ranges::count(kColumns, ','));
    });
}

void RunFolder::log(const std::string& text) {
    log_.append(core::concat(core::utc_time(), " ", text, "\n"));
}

void RunFolder::message(core::LogLevel level, const std::string& text) {
    say_(level, text);
    guarded([&] {
        log(core::concat(level == core::LogLevel::info ? "" : core::concat(name_of(level), ": "),
                         text));
        Json event = event_at("message", last_.at, seconds());
        event["level"] = name_of(level);
        event["text"] = text;
        write_event(event);
    });
}

void RunFolder::batch(const train::RunPosition& at, const data::Batch& batch) {
    if (row_due_) guarded([&] { write_row(nullptr); });
    if (!std::exchange(batch_due_, false)) return;
    guarded([&] {
        const Image image = draw_batch(batch, input_);
        pictures_.write_batch(at.step, image);
        show_on_tensorboard("train/batch", at.step, image);
    });
}

void RunFolder::step(const train::StepReport& report) {
    row_due_ = completes_epoch(report.at);
    last_ = report;
    progress_.add(report);
    since_event_.add(report);
    since_row_.add(report);
    status_(progress_.text());
    guarded([&] {
        const double now = seconds();
        if (now - event_ >= kEventSeconds || event_ == 0) write_step_event();
        if (now - logged_ >= kLogSeconds || logged_ == 0) {
            logged_ = now;
            log(progress_.text());
        }
    });
}

void RunFolder::validating(std::size_t done, std::size_t images) {
    status_(core::concat("step ", last_.at.step, "  validating ", done, "/", images, " images"));
}

void RunFolder::validation(const train::ValidationReport& report) {
    last_.at = report.at;
    batch_due_ = true;
    say_(core::LogLevel::info, describe(report));
    if (report.is_best)
        best_ = describe_best(report.at.step, report.figures.hmean, report.hmean_95, report.images);
    // An earlier sitting may have been cut off between a validation and the next checkpoint.
    if (std::exchange(validated_, report.at.step) == report.at.step) return;
    curves_.add(report.at.step, report.figures);
    guarded([&] {
        log(describe(report));
        write_step_event();
        write_validation_event(report);
        write_row(&report);
        curves_.write(folder_ + "/plots");
        show_findings(report);
    });
}

void RunFolder::show_findings(const train::ValidationReport& report) {
    const std::optional<Image> image = draw_findings(report.pictures);
    if (!image) return;
    pictures_.write_findings(report.at.step, *image);
    show_on_tensorboard("val/predictions", report.at.step, *image);
}

/// TensorBoard shows ten images of a tag: they come ever more rarely, so that its files stay small.
void RunFolder::show_on_tensorboard(const std::string& tag, std::uint64_t step,
                                    const Image& image) {
    double& next = next_shown_[tag];
    if (static_cast<double>(step) < next) return;
    next = kImageSpacing * static_cast<double>(step);
    tensorboard_.add_image(step, tag, reduced(image, kLongestOnTensorBoard));
}

void RunFolder::write_step_event() {
    if (since_event_.empty()) return;
    const StepMeans means = std::exchange(since_event_, {});
    event_ = seconds();
    Json event = event_at("step", last_.at, event_);
    const train::StepLosses losses = means.losses();
    curves_.add(last_.at.step, losses, last_.rate);
    event["loss"] = losses.total;
    event["probability_loss"] = losses.probability;
    event["threshold_loss"] = losses.threshold;
    event["binary_loss"] = losses.binary;
    if (losses.teacher > 0) event["teacher_loss"] = losses.teacher;
    event["learning_rate"] = last_.rate;
    event["gradient_norm"] = means.gradient_norm();
    event["images_per_second"] = means.images_per_second();
    event["skipped_steps"] = last_.skipped_steps;
    write_event(event);
    tensorboard_.add_scalars(last_.at.step,
                             {{"loss/total", losses.total},
                              {"loss/probability", losses.probability},
                              {"loss/threshold", losses.threshold},
                              {"loss/binary", losses.binary},
                              {"lr", last_.rate},
                              {"gradient_norm", means.gradient_norm()},
                              {"speed/images_per_second", means.images_per_second()}});
}

void RunFolder::write_validation_event(const train::ValidationReport& report) {
    Json event = event_at("validation", report.at, seconds());
    event["precision"] = report.figures.precision;
    event["recall"] = report.figures.recall;
    event["hmean"] = report.figures.hmean;
    event["hmean_95"] = {report.hmean_95.low, report.hmean_95.high};
    event["loss"] = report.loss;
    event["box_threshold"] = std::round(static_cast<double>(report.box_threshold) * 1e6) / 1e6;
    event["is_best"] = report.is_best;
    event["images"] = report.images;
    event["validation_seconds"] = report.seconds;
    write_event(event);
    tensorboard_.add_scalars(report.at.step, {{"val/precision", report.figures.precision},
                                              {"val/recall", report.figures.recall},
                                              {"val/hmean", report.figures.hmean},
                                              {"val/loss", report.loss}});
}

void RunFolder::write_event(const formats::OrderedJson& event) {
    events_.append(formats::to_line(event) + "\n");
}

void RunFolder::write_row(const train::ValidationReport* validation) {
    row_due_ = false;
    if (since_row_.empty() && validation == nullptr) return;
    const StepMeans means = std::exchange(since_row_, {});
    const train::StepLosses losses = means.losses();
    const train::StepTimes& times = means.times();
    std::string row = core::concat(last_.at.step, ",", cell(last_.at.epoch), ",", last_.at.samples);
    for (const double value :
         {losses.total, losses.probability, losses.threshold, losses.binary, last_.rate,
          validation ? validation->figures.precision : kUnknown,
          validation ? validation->figures.recall : kUnknown,
          validation ? validation->figures.hmean : kUnknown,
          validation ? static_cast<double>(validation->box_threshold) : kUnknown,
          means.images_per_second(), core::peak_memory_mb(), times.data, times.forward,
          times.backward, times.optimizer, validation ? validation->seconds : 0, seconds()})
        row.append(",").append(cell(value));
    results_.append(row + "\n");
}

void RunFolder::guarded(const std::function<void()>& write) {
    try {
        write();
    } catch (const std::exception& error) {
        if (std::exchange(complained_, true)) return;
        say_(core::LogLevel::warning,
             core::concat(error.what(), "; the training goes on, its records have gaps"));
    }
}

}  // namespace dbnet::app
