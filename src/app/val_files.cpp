// What `val` writes.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "app/output_folder.hpp"
#include "app/plot.hpp"
#include "app/val.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "eval/breakdown.hpp"
#include "formats/document.hpp"
#include "formats/formats.hpp"

namespace dbnet::app {
namespace {

using Json = formats::OrderedJson;

constexpr int kSchema = 1;

Json to_json(const eval::Interval& interval) { return {interval.low, interval.high}; }

Json breakdown_json(const Validation& validation) {
    Json parts = Json::array();
    for (const eval::Part& part : eval::break_down(validation.evaluation, validation.results))
        parts.push_back({{"property", part.property},
                         {"range", part.range},
                         {"truths", part.truths},
                         {"matched_truths", part.matched_truths},
                         {"findings", part.findings},
                         {"matched_findings", part.matched_findings}});
    return parts;
}

std::string summary_json(const Validation& validation, const ValOptions& options, const Run* run) {
    const eval::Figures figures = validation.totals.figures();
    Json json{{"schema", kSchema},
              {"protocol", options.protocol->name},
              {"ignore_below", options.ignore_below},
              {"min_score", validation.min_score},
              {"images", validation.results.size()},
              {"truths", validation.totals.truths},
              {"findings", validation.totals.findings},
              {"recall_sum", validation.totals.recall_sum},
              {"precision_sum", validation.totals.precision_sum},
              {"precision", figures.precision},
              {"recall", figures.recall},
              {"hmean", figures.hmean},
              {"precision_95", to_json(validation.confidence.precision)},
              {"recall_95", to_json(validation.confidence.recall)},
              {"hmean_95", to_json(validation.confidence.hmean)},
              {"average_precision", validation.evaluation.average_precision()}};
    if (run != nullptr) {
        json["failed_images"] = run->summary.failed;
        json["images_per_second"] = run->images_per_second();
        json["timing_ms"] = mean_timing(run->predictions);
    }
    json["breakdown"] = breakdown_json(validation);
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) result.append(c == '"' ? "\"\"" : std::string(1, c));
    return result + "\"";
}

std::string images_csv(const Validation& validation) {
    std::string csv = "image,truths,findings,recall_sum,precision_sum,precision,recall,hmean\n";
    for (std::size_t i = 0; i < validation.results.size(); ++i) {
        const eval::ImageResult& result = validation.results[i];
        eval::Totals totals;
        totals.add(result);
        const eval::Figures figures = totals.figures();
        csv += core::concat(quoted(validation.evaluation.samples()[i].name), ",", result.truths,
                            ",", result.findings, ",", result.recall_sum, ",", result.precision_sum,
                            ",", figures.precision, ",", figures.recall, ",", figures.hmean, "\n");
    }
    return csv;
}

void write_curves(const std::string& folder, const eval::Evaluation& evaluation) {
    Series precision{"precision", {}};
    Series recall{"recall", {}};
    Series hmean{"hmean", {}};
    Series both{"score threshold 0 to 1", {}};
    for (const eval::CurvePoint& point : evaluation.curve()) {
        const double at = static_cast<double>(point.min_score);
        precision.points.push_back({at, point.figures.precision});
        recall.points.push_back({at, point.figures.recall});
        hmean.points.push_back({at, point.figures.hmean});
        if (point.figures.precision > 0)
            both.points.push_back({point.figures.recall, point.figures.precision});
    }
    write_plot(folder + "/precision_recall",
               {"Precision over recall", "recall", "precision", {both}});
    write_plot(
        folder + "/score_threshold",
        {"Figures over the score threshold", "score threshold", "", {hmean, precision, recall}});
}

la_ssize_t append(archive*, void* target, const void* data, std::size_t size) {
    static_cast<std::string*>(target)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
}

void add_file(archive* writer, const std::string& name, const std::string& content) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer, content.data(), content.size()) < 0)
        core::fail(ErrorCode::io, name, ": ", archive_error_string(writer));
}

/// The results as the ICDAR web site takes them: res_<image>.txt for every image, scores left out.
std::string submission(const Validation& validation, const Predictions& predictions,
                       formats::Shape shape) {
    std::string bytes;
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                             archive_write_free);
    archive_write_set_format_zip(writer.get());
    archive_write_open(writer.get(), &bytes, nullptr, append, nullptr);
    const formats::Format& icdar = *formats::find("icdar");
    for (const eval::Sample& sample : validation.evaluation.samples()) {
        const auto found = predictions.find(sample.name);
        const std::string content =
            found == predictions.end() ? "" : icdar.render(found->second, "", {shape, false});
        add_file(writer.get(), icdar.file_name(sample.name), content);
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK)
        core::fail(ErrorCode::io, "submission.zip: ", archive_error_string(writer.get()));
    return bytes;
}

}  // namespace

void write_result(const std::string& folder, const std::string& name, const std::string& content) {
    make_folder(folder);
    core::write_file(folder + "/" + name, content);
}

void write_validation(const std::string& folder, const Validation& validation,
                      const Predictions& predictions, const ValOptions& options, const Run* run) {
    write_result(folder, "summary.json", summary_json(validation, options, run));
    write_result(folder, "images.csv", images_csv(validation));
    write_curves(folder, validation.evaluation);
    write_result(folder, "submission.zip", submission(validation, predictions, options.shape));
}

}  // namespace dbnet::app
