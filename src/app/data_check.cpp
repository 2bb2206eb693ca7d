// Images are decoded and their texts measured in parallel; what is found comes out in the order of
// the images. Texts are judged one by one unless most of them lie beyond the image: then they were
// made for another image, and one finding says so.
#include "app/data_check.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/picture_likeness.hpp"
#include "core/error.hpp"
#include "eval/repair.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"
#include "image/codec.hpp"
#include "image/file_name.hpp"

namespace dbnet::app {
namespace {

using Findings = std::vector<Finding>;
using Json = nlohmann::ordered_json;

constexpr double kLeastArea = 1;    ///< pixels; nothing smaller is learnt
constexpr double kSmallSide = 8;    ///< pixels; smaller text is ignored in training by default
constexpr double kOverhang = 2;     ///< pixels that an outline may reach beyond the image
constexpr double kSameText = 0.9;   ///< intersection over union of duplicates
constexpr double kWrongSize = 1.1;  ///< outlines that reach so many times the image's side
constexpr std::size_t kLongestCross = 1000;  ///< vertices; the test for crossings is quadratic

/// The place that an error's message begins with, "file:line: " or "file: ", as members.
Finding finding_of(Severity severity, std::string_view kind, const std::string& message) {
    const std::size_t end = message.find(": ");
    if (end == std::string::npos) return {severity, kind, "", 0, message};
    Finding finding{severity, kind, message.substr(0, end), 0, message.substr(end + 2)};
    const std::size_t colon = finding.file.rfind(':');
    if (colon == std::string::npos) return finding;
    const char* const last = finding.file.data() + finding.file.size();
    const auto [stop, error] = std::from_chars(finding.file.data() + colon + 1, last, finding.line);
    if (error == std::errc() && stop == last)
        finding.file.resize(colon);
    else
        finding.line = 0;
    return finding;
}

bool is_grey(const Image& image) {
    for (int y = 0; y < image.height(); ++y)
        for (const std::uint8_t *p = image.row(y), *end = p + 3 * image.width(); p != end; p += 3)
            if (p[0] != p[1] || p[1] != p[2]) return false;
    return true;
}

/// "1280x720": as cameras and people write it.
std::string print(data::Size size) { return core::concat(size.width, "x", size.height); }

/// Checks one image and its texts.
class ImageCheck {
public:
    ImageCheck(const data::DatasetSpec& spec, const data::LabelledImage& image,
               const PictureIndex& others)
        : spec_(spec), image_(image), others_(others) {}

    struct Result {
        Findings findings;
        bool usable = false;
        std::size_t texts = 0;
        std::size_t ignored = 0;
        std::map<std::string, std::size_t> skipped = {};
    };

    Result run() {
        check_image();
        read_texts();
        if (result_.usable && !check_annotated_size() && !check_extent())
            for (std::size_t i = 0; i < texts().size(); ++i) check_place(i);
        for (std::size_t i = 0; i < texts().size(); ++i) check_outline(i);
        check_duplicates();
        return std::move(result_);
    }

private:
    const std::vector<formats::RecordRegion>& texts() const { return record_.regions; }

    void add(Severity severity, std::string_view kind, std::string file, std::size_t line,
             std::string message) {
        result_.findings.push_back({severity, kind, std::move(file), line, std::move(message)});
    }

    void about_image(Severity severity, std::string_view kind, std::string message) {
        add(severity, kind, image_.image, 0, std::move(message));
    }

    void about_labels(Severity severity, std::string_view kind, std::string message) {
        add(severity, kind, image_.labels, record_.line, std::move(message));
    }

    /// Texts of files without lines, and of several on a line, are told by their number.
    void about_text(Severity severity, std::string_view kind, std::size_t number,
                    const std::string& message) {
        const std::size_t line = texts()[number].line;
        const bool alone = line != 0 && !is_on_line_of_another(number);
        add(severity, kind, image_.labels, line,
            alone ? message : core::concat("text ", number + 1, ": ", message));
    }

    bool is_on_line_of_another(std::size_t number) const {
        return (number > 0 && texts()[number - 1].line == texts()[number].line) ||
               (number + 1 < texts().size() && texts()[number + 1].line == texts()[number].line);
    }

    void check_image() {
        try {
            image::Traits traits;
            const Image image = image::read(image_.image, {}, traits);
            size_ = {image.width(), image.height()};
            result_.usable = true;
            for (const std::string& warning : image.warnings())
                about_image(Severity::warning, "image", warning);
            if (traits.orientation != 1)
                about_image(Severity::note, "turned",
                            core::concat("is stored turned (EXIF orientation ", traits.orientation,
                                         "); annotations are taken as of the upright image, ",
                                         print(size_)));
            if (traits.cmyk)
                about_image(Severity::note, "colour", "has four inks (CMYK), becomes RGB");
            if (traits.transparent)
                about_image(Severity::note, "colour", "is transparent, laid over white");
            if (is_grey(image)) about_image(Severity::note, "colour", "is grey");
            if (others_.size() > 0) check_leak(image);
        } catch (const Error& error) {
            result_.findings.push_back(finding_of(Severity::error, "image", error.what()));
        } catch (const std::bad_alloc&) {
            about_image(Severity::error, "image", "not enough memory to decode it");
        }
    }

    void check_leak(const Image& image) {
        if (const auto other = others_.find(fingerprint(image)))
            about_image(Severity::error, "leak", "shows the same as " + *other);
    }

    void read_texts() {
        const auto take_problem = [&](const Error& error) {
            result_.findings.push_back(finding_of(Severity::error, "malformed", error.what()));
        };
        try {
            record_ = data::read_record(spec_, image_, take_problem, [&](std::string_view what) {
                ++result_.skipped[std::string(what)];
            });
        } catch (const Error& error) {
            take_problem(error);
            return;
        }
        result_.texts = texts().size();
        result_.ignored = static_cast<std::size_t>(
            std::ranges::count_if(texts(), &formats::RecordRegion::ignore));
        const bool is_malformed = std::ranges::find(result_.findings, "malformed",
                                                    &Finding::kind) != result_.findings.end();
        if (texts().empty() && !is_malformed) check_emptiness();
    }

    void check_emptiness() {
        std::error_code ignored;
        if (image_.labels.empty())
            about_image(Severity::note, "no-text", "has no labels, counts as without text");
        else if (std::filesystem::file_size(image_.labels, ignored) == 0)
            about_labels(Severity::warning, "no-text", "is empty: an image without text?");
        else
            about_image(Severity::note, "no-text", "has no text");
    }

    /// The file says the size of the image that it was made for.
    bool check_annotated_size() {
        const data::Size annotated{record_.width, record_.height};
        if (annotated.width == 0 || annotated.height == 0 || annotated == size_) return false;
        const bool turned = annotated == data::Size{size_.height, size_.width};
        about_labels(
            Severity::error, "size",
            core::concat("was made for an image of ", print(annotated), ", ", image_.image, " has ",
                         print(size_), turned ? ": they were made on the turned image" : ""));
        return true;
    }

    bool is_beyond(const Rect& box, double margin) const {
        return box.x < -margin || box.y < -margin || box.x + box.width > size_.width + margin ||
               box.y + box.height > size_.height + margin;
    }

    bool is_outside(const Rect& box) const {
        return box.x >= size_.width || box.y >= size_.height || box.x + box.width <= 0 ||
               box.y + box.height <= 0;
    }

    /// Texts that reach far beyond the image were made for a larger one.
    bool check_extent() {
        std::size_t beyond = 0;
        std::size_t outside = 0;
        double right = 0;
        double bottom = 0;
        for (const formats::RecordRegion& text : texts()) {
            const Rect box = geometry::bounding_rect(text.polygon);
            beyond += is_beyond(box, kOverhang) ? 1 : 0;
            outside += is_outside(box) ? 1 : 0;
            right = std::max(right, box.x + box.width);
            bottom = std::max(bottom, box.y + box.height);
        }
        const bool is_far = right > kWrongSize * size_.width || bottom > kWrongSize * size_.height;
        const bool is_wrong = outside > 0 && is_far && 2 * beyond >= texts().size();
        if (is_wrong)
            about_labels(
                Severity::error, "size",
                core::concat(beyond, " of ", texts().size(), " texts lie beyond ", image_.image,
                             ", which has ", print(size_), "; they reach to ", std::ceil(right),
                             ", ", std::ceil(bottom), ": made for another image?"));
        return is_wrong;
    }

    void check_place(std::size_t number) {
        const Rect box = geometry::bounding_rect(texts()[number].polygon);
        if (is_outside(box))
            about_text(Severity::error, "outside", number,
                       core::concat("lies outside the image, ", print(size_)));
        else if (is_beyond(box, kOverhang))
            about_text(Severity::warning, "beyond", number,
                       core::concat("reaches ", std::ceil(overhang(box)),
                                    " pixels beyond the image, ", print(size_)));
    }

    double overhang(const Rect& box) const {
        return std::max(
            {-box.x, -box.y, box.x + box.width - size_.width, box.y + box.height - size_.height});
    }

    void check_outline(std::size_t number) {
        const formats::RecordRegion& text = texts()[number];
        const Polygon outline = eval::without_repetitions(text.polygon);
        if (geometry::covered_area(outline) < kLeastArea) {
            about_text(Severity::error, "area", number, "covers no area");
            return;
        }
        if (outline.size() < 4)
            about_text(
                Severity::warning, "points", number,
                core::concat("has ", outline.size(), " different points, expected 4 or more"));
        if (outline.size() <= kLongestCross && !geometry::is_simple(outline))
            about_text(Severity::error, "crossing", number,
                       "the outline crosses or touches itself: are its points in order?");
        const Rect box = geometry::bounding_rect(outline);
        const double side = std::min(box.width, box.height);
        if (!text.ignore && side < kSmallSide)
            about_text(
                Severity::note, "small", number,
                core::concat("is ", std::round(side * 10) / 10, " pixels high or wide; text below ",
                             kSmallSide, " is ignored in training"));
    }

    /// Texts with the same box in whole pixels that cover the same.
    void check_duplicates() {
        std::map<std::array<long, 4>, std::size_t> seen;
        for (std::size_t i = 0; i < texts().size(); ++i) {
            const Rect box = geometry::bounding_rect(texts()[i].polygon);
            const auto [place, is_new] =
                seen.emplace(std::array{std::lround(box.x), std::lround(box.y),
                                        std::lround(box.width), std::lround(box.height)},
                             i);
            const std::size_t other = place->second;
            if (is_new || geometry::iou(texts()[other].polygon, texts()[i].polygon) < kSameText)
                continue;
            about_text(Severity::warning, "duplicate", i,
                       core::concat("covers the same as ",
                                    texts()[other].line != 0 && !is_on_line_of_another(i)
                                        ? core::concat("line ", texts()[other].line)
                                        : core::concat("text ", other + 1)));
        }
    }

    const data::DatasetSpec& spec_;
    const data::LabelledImage& image_;
    const PictureIndex& others_;
    data::Size size_;
    formats::Record record_;
    Result result_;
};

class DataCheck {
public:
    DataCheck(int threads, const DataCheckHooks& hooks) : threads_(threads), hooks_(hooks) {}

    /// Pictures that those to be checked must not be like.
    void add_others(const data::DatasetSpec& given) {
        const data::DatasetSpec spec = data::recognised(given, hooks_.on_note);
        for (const data::LabelledImage& image : data::list_images(spec).images) {
            try {
                others_.add(fingerprint(Image::read(image.image)), image.image);
            } catch (const Error& error) {
                report(finding_of(Severity::warning, "image", error.what()));
            }
        }
    }

    void run(const data::DatasetSpec& given) {
        const data::DatasetSpec spec = data::recognised(given, hooks_.on_note);
        const std::size_t learnt = summary_.texts - summary_.ignored;
        const data::Listing listing = data::list_images(spec);
        for (const std::string& problem : listing.problems)
            report(finding_of(Severity::error, "listing", problem));
        for (const std::string& problem : listing.unusable)
            report(finding_of(Severity::error, "listing", problem));
        if (listing.more_unusable > 0)
            report({Severity::error, "listing", spec.images, 0,
                    core::concat(listing.more_unusable, " more such problems")});
        for (const auto& [what, count] : listing.ignored) summary_.skipped[what] += count;
        check_format(given, spec);
        for (const std::string& file : listing.unused)
            report({Severity::warning, "unused", file, 0,
                    image::is_named_as_image(file) ? "the label file does not name this image"
                                                   : "there is no image to these labels"});
        check_names(listing.images);
        check_images(spec, listing.images);
        if (summary_.interrupted || data::is_without_labels(spec.format) || listing.images.empty()) return;
        if (summary_.texts - summary_.ignored == learnt)
            report({Severity::error, "nothing", spec.images, 0,
                    "there is nothing to learn: no image has a text that is not ignored"});
    }

    const DataCheckSummary& summary() const { return summary_; }

private:
    void report(const Finding& finding) {
        switch (finding.severity) {
            case Severity::error: ++summary_.errors; break;
            case Severity::warning: ++summary_.warnings; break;
            case Severity::note: ++summary_.notes; break;
        }
        hooks_.on_finding(finding);
    }

    /// Labels that are read as what they do not look like may be read wrongly without a word.
    void check_format(const data::DatasetSpec& given, const data::DatasetSpec& spec) {
        if (given.format.empty() || data::is_without_labels(spec.format)) return;
        data::DatasetSpec unknown = spec;
        unknown.format.clear();
        std::string why;
        try {
            unknown = data::recognised(unknown, [&](const std::string& what) { why = what; });
        } catch (const Error&) {
            return;  // looks like nothing that is known
        }
        const bool is_kin =
            unknown.format.starts_with(spec.format) || spec.format.starts_with(unknown.format);
        if (!is_kin)
            report({Severity::warning, "format", spec.labels.empty() ? spec.images : spec.labels, 0,
                    core::concat("is read as ", spec.format, " and looks like ", unknown.format,
                                 why.substr(std::min(why.rfind(" ("), why.size())))});
    }

    /// Result files are told by the stem of the image's name alone.
    void check_names(const std::vector<data::LabelledImage>& images) {
        std::map<std::string, const std::string*> seen;
        for (const data::LabelledImage& image : images) {
            const auto [place, is_new] =
                seen.emplace(std::filesystem::path(image.image).stem().string(), &image.image);
            if (!is_new)
                report({Severity::warning, "name", image.image, 0,
                        "has the same name as " + *place->second +
                            ": their results cannot be told apart"});
        }
    }

    void check_images(const data::DatasetSpec& spec,
                      const std::vector<data::LabelledImage>& images) {
        namespace tbb = oneapi::tbb;
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                        static_cast<std::size_t>(threads_));
        tbb::task_arena arena(threads_);
        const std::size_t total = summary_.images + images.size();
        std::size_t position = 0;
        const auto next = tbb::make_filter<void, std::size_t>(
            tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) {
                summary_.interrupted = summary_.interrupted || hooks_.interrupted();
                if (summary_.interrupted || position == images.size()) control.stop();
                return position++;
            });
        using Result = ImageCheck::Result;
        const auto check = tbb::make_filter<std::size_t, Result>(
            tbb::filter_mode::parallel,
            [&](std::size_t number) { return ImageCheck(spec, images[number], others_).run(); });
        const auto collect = tbb::make_filter<Result, void>(
            tbb::filter_mode::serial_in_order, [&](const Result& result) {
                for (const Finding& finding : result.findings) report(finding);
                summary_.usable += result.usable ? 1 : 0;
                summary_.texts += result.texts;
                summary_.ignored += result.ignored;
                for (const auto& [what, count] : result.skipped) summary_.skipped[what] += count;
                hooks_.progress(++summary_.images, total);
            });
        arena.execute([&] {
            tbb::parallel_pipeline(2 * static_cast<std::size_t>(threads_), next & check & collect);
        });
    }

    const int threads_;
    const DataCheckHooks& hooks_;
    PictureIndex others_;
    DataCheckSummary summary_;
};

}  // namespace

std::string_view to_string(Severity severity) noexcept {
    return severity == Severity::error     ? "error"
           : severity == Severity::warning ? "warning"
                                           : "note";
}

std::string to_text(const Finding& finding) {
    const std::string line = finding.line == 0 ? "" : core::concat(":", finding.line);
    return core::concat(finding.file, line, ": ", to_string(finding.severity), ": ",
                        finding.message);
}

FindingsFile::FindingsFile(const std::string& path) : file_(path) {
    file_.write("{\"findings\": [");
}

void FindingsFile::add(const Finding& finding) {
    Json json{
        {"severity", to_string(finding.severity)}, {"kind", finding.kind}, {"file", finding.file}};
    if (finding.line != 0) json["line"] = finding.line;
    json["message"] = finding.message;
    file_.write(std::exchange(empty_, false) ? "\n" : ",\n");
    file_.write(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void FindingsFile::finish(const DataCheckSummary& summary) {
    const Json counts{{"images", summary.images},        {"usable", summary.usable},
                      {"texts", summary.texts},          {"ignored", summary.ignored},
                      {"errors", summary.errors},        {"warnings", summary.warnings},
                      {"notes", summary.notes},          {"skipped", summary.skipped},
                      {"complete", !summary.interrupted}};
    file_.write("],\n" + counts.dump().substr(1) + "\n");
    file_.commit();
}

DataCheckSummary check_data(const std::vector<data::DatasetSpec>& specs,
                            const std::vector<data::DatasetSpec>& against, int threads,
                            const DataCheckHooks& hooks) {
    for (const auto* all : {&specs, &against})
        for (const data::DatasetSpec& spec : *all)
            if (spec.source != nullptr)
                core::fail(ErrorCode::invalid_argument, spec.images,
                           ": these pictures are made, not read: there is nothing to check");
    DataCheck check(threads, hooks);
    for (const data::DatasetSpec& spec : against) check.add_others(spec);
    for (const data::DatasetSpec& spec : specs) check.run(spec);
    return check.summary();
}

}  // namespace dbnet::app
