// The error report of `val`: a page that builds itself from the data that is written into it, and
// pictures beside it.
#include "app/report.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "app/output_folder.hpp"
#include "app/report_page.hpp"
#include "app/report_pictures.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "eval/errors.hpp"
#include "formats/document.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"
#include "image/encode.hpp"

namespace dbnet::app {
namespace {

using Json = formats::OrderedJson;

constexpr std::size_t kMostCandidates = 3;  // named as reasons of one error
constexpr double kTouching = 0.05;          // part of a text that a candidate covers at least

/// The numbers that the page knows the fates and kinds by are those of the enumerations.
template <typename Enumeration>
int number(Enumeration value) {
    return static_cast<int>(value);
}

Json to_json(const Polygon& polygon) {
    Json numbers = Json::array();
    if (!geometry::is_bounded(polygon, 1e6)) return numbers;
    for (const Point& point : polygon) {
        numbers.push_back(std::lround(point.x));
        numbers.push_back(std::lround(point.y));
    }
    return numbers;
}

std::string with_decimals(double value) {
    char text[16];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

/// What the detector had on a text that was not found: its candidates there, the largest first.
std::vector<const formats::RecordCandidate*> candidates_on(const Polygon& text,
                                                           const formats::Record& record) {
    std::vector<std::pair<double, const formats::RecordCandidate*>> found;
    const double least = kTouching * geometry::covered_area(text);
    for (const formats::RecordCandidate& candidate : record.candidates) {
        const double common = geometry::intersection_area(candidate.contour, text);
        if (common > 0 && common >= std::min(least, geometry::covered_area(candidate.contour) / 2))
            found.emplace_back(common, &candidate);
    }
    std::ranges::stable_sort(found, std::ranges::greater{}, [](const auto& f) { return f.first; });
    found.resize(std::min(found.size(), kMostCandidates));
    std::vector<const formats::RecordCandidate*> candidates;
    for (const auto& [common, candidate] : found) candidates.push_back(candidate);
    return candidates;
}

bool has_candidates(const Predictions::value_type& prediction) {
    return !prediction.second.candidates.empty();
}

std::string reason_of(const formats::RecordCandidate& candidate) {
    if (candidate.verdict != to_string(Verdict::accepted)) return candidate.reason;
    return "accepted with score " + with_decimals(candidate.score);
}

/// One image on its way into the page.
class Entry {
public:
    Entry(const Validation& validation, std::size_t index, const formats::Record* record)
        : sample_(validation.evaluation.samples()[index]),
          overlaps_(validation.evaluation.overlaps()[index]),
          result_(validation.results[index]),
          record_(record),
          errors_(eval::errors_of(overlaps_, result_)) {}

    JudgedImage judged() const { return {sample_, result_, errors_}; }

    /// `texts`: transcriptions of the truths; `explained`: the record's candidates are complete.
    Json json(const std::vector<std::string>& texts, bool explained) const {
        eval::Totals totals;
        totals.add(result_);
        Json json{{"name", sample_.name}, {"hmean", totals.figures().hmean}};
        json["truths"] = outlines(sample_.truths, result_.truth_fates);
        json["findings"] = outlines(sample_.findings, result_.finding_fates);
        json["errors"] = Json::array();
        for (const eval::DetectionError& error : errors_)
            json["errors"].push_back(error_json(error, texts, explained));
        return json;
    }

private:
    /// [fate, x1, y1, x2, y2, ...] of each.
    template <typename Outlines>
    static Json outlines(const Outlines& all, const std::vector<eval::Fate>& fates) {
        Json list = Json::array();
        for (std::size_t i = 0; i < all.size(); ++i) {
            Json outline = to_json(all[i].polygon);
            outline.insert(outline.begin(), number(fates[i]));
            list.push_back(std::move(outline));
        }
        return list;
    }

    Json error_json(const eval::DetectionError& error, const std::vector<std::string>& texts,
                    bool explained) const {
        Json json{{"kind", number(error.kind)},
                  {"iou", std::round(error.iou * 100) / 100},
                  {"truths", error.truths},
                  {"findings", error.findings}};
        std::string text;
        double size = 0;
        const auto measure = [&size](const Shape& shape) {
            size = std::max(size, std::sqrt(shape.area));
        };
        for (const std::int32_t i : error.truths) {
            const auto at = static_cast<std::size_t>(i);
            if (at < texts.size() && !texts[at].empty())
                text += (text.empty() ? "" : " ") + texts[at];
            measure(overlaps_.truths()[at]);
        }
        for (const std::int32_t i : error.findings)
            measure(overlaps_.findings()[static_cast<std::size_t>(i)]);
        json["text"] = text;
        json["size"] = std::lround(size);
        json["reasons"] = Json::array();
        if (explained) add_reasons(json, error);
        return json;
    }

    void add_reasons(Json& json, const eval::DetectionError& error) const {
        json["contours"] = Json::array();
        std::vector<const formats::RecordCandidate*> named;
        for (const std::int32_t i : error.truths) {
            const Polygon& truth = sample_.truths[static_cast<std::size_t>(i)].polygon;
            const auto candidates = candidates_on(truth, *record_);
            if (candidates.empty())
                json["reasons"].push_back("the probability map is below the threshold here");
            for (const formats::RecordCandidate* candidate : candidates)
                if (std::ranges::find(named, candidate) == named.end()) named.push_back(candidate);
        }
        for (const formats::RecordCandidate* candidate : named) {
            json["reasons"].push_back(reason_of(*candidate));
            json["contours"].push_back(to_json(candidate->contour));
        }
        if (error.truths.empty())
            for (const std::int32_t i : error.findings)
                json["reasons"].push_back(
                    "accepted with score " +
                    with_decimals(
                        static_cast<double>(sample_.findings[static_cast<std::size_t>(i)].score)));
    }

    using Shape = eval::Shape;

    const eval::Sample& sample_;
    const eval::Overlaps& overlaps_;
    const eval::ImageResult& result_;
    const formats::Record* record_;  ///< null: no result
    std::vector<eval::DetectionError> errors_;
};

class Report {
public:
    Report(const data::Dataset& data, const Predictions& predictions, const Validation& validation,
           const ReportOptions& options, const ReportHooks& hooks)
        : folder_(options.folder),
          data_(data),
          predictions_(predictions),
          validation_(validation),
          hooks_(hooks),
          explained_(options.explained || std::ranges::any_of(predictions, has_candidates)),
          entries_(validation.results.size()) {
        for (const data::LabelledImage& image : data.images())
            images_[data::name_of(image)] = &image;
    }

    bool write() {
        for (const char* pictures : {"/full", "/small", "/errors"}) make_folder(folder_ + pictures);
        std::atomic<bool> stopped = false;
        oneapi::tbb::parallel_for(std::size_t{0}, entries_.size(), [&](std::size_t i) {
            if (stopped || hooks_.interrupted()) {
                stopped = true;
                return;
            }
            entries_[i] = write_image(i);
            const std::lock_guard lock(mutex_);
            hooks_.on_image(++done_);
        });
        if (stopped) return false;
        core::write_file(folder_ + "/index.html", report_page(page_data()));
        return true;
    }

private:
    Json write_image(std::size_t index) const {
        const eval::Sample& sample = validation_.evaluation.samples()[index];
        const data::LabelledImage& labelled = *images_.at(sample.name);
        const auto found = predictions_.find(sample.name);
        const formats::Record* record = found == predictions_.end() ? nullptr : &found->second;
        const Entry entry(validation_, index, record);
        std::vector<std::string> texts;
        for (formats::RecordRegion& region : data::read_labels(data_.spec(), labelled))
            texts.push_back(region.ignore ? "" : std::move(region.text));
        Json json = entry.json(texts, explained_ && record != nullptr);
        if (record != nullptr && !record->warnings.empty()) json["warnings"] = record->warnings;
        Image image;
        try {
            image = Image::read(labelled.image);
        } catch (const Error& error) {
            json["problem"] = error.what();
            return json;
        }
        json["width"] = image.width();
        json["height"] = image.height();
        const std::string number = std::to_string(index + 1);
        json["number"] = number;
        write_jpeg("/full/" + number, image);
        write_jpeg("/small/" + number, thumbnail(image, entry.judged()));
        std::size_t count = 0;
        for (const eval::DetectionError& error : entry.judged().errors)
            write_jpeg(core::concat("/errors/", number, "-", count++),
                       close_up(image, entry.judged(), error));
        return json;
    }

    void write_jpeg(const std::string& stem, const Image& image) const {
        core::write_file(folder_ + stem + ".jpg", image::encode_jpeg(image));
    }

    std::string page_data() const {
        const eval::Figures figures = validation_.totals.figures();
        const Json json{{"precision", figures.precision},
                        {"recall", figures.recall},
                        {"hmean", figures.hmean},
                        {"truths", validation_.totals.truths},
                        {"findings", validation_.totals.findings},
                        {"explained", explained_},
                        {"images", entries_}};
        return json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    const std::string& folder_;
    const data::Dataset& data_;
    const Predictions& predictions_;
    const Validation& validation_;
    const ReportHooks& hooks_;
    const bool explained_;
    std::map<std::string, const data::LabelledImage*> images_;
    std::vector<Json> entries_;  ///< in the order of the samples
    std::mutex mutex_;
    std::size_t done_ = 0;
};

}  // namespace

bool write_report(const data::Dataset& data, const Predictions& predictions,
                  const Validation& validation, const ReportOptions& options,
                  const ReportHooks& hooks) {
    namespace tbb = oneapi::tbb;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(options.threads));
    return Report(data, predictions, validation, options, hooks).write();
}

}  // namespace dbnet::app
