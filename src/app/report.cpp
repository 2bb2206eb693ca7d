// The error report of `val`: every image with what was right and wrong. Errors are told apart by
// what overlaps them: a miss that several findings lie in is a split, a false alarm that covers
// several texts a merge, and a miss with an IoU from 0.3 a near miss.
#include "app/report.hpp"

#include <algorithm>
#include <filesystem>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "image/draw.hpp"
#include "image/matrix.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr int kThumbnailWidth = 320;
constexpr double kNearIou = 0.3;
constexpr double kMostlyInside = 0.5;

constexpr image::Colour kRight{46, 147, 60};
constexpr image::Colour kMissed{230, 40, 60};
constexpr image::Colour kFalse{255, 150, 0};
constexpr image::Colour kIgnored{150, 150, 150};

struct Errors {
    int misses = 0;
    int false_alarms = 0;
    int splits = 0;
    int merges = 0;
    int near_misses = 0;
};

Errors errors_of(const eval::Overlaps& overlaps, const eval::ImageResult& result) {
    Errors errors;
    for (std::size_t i = 0; i < result.truth_fates.size(); ++i) {
        if (result.truth_fates[i] != eval::Fate::unmatched) continue;
        ++errors.misses;
        const auto pairs = overlaps.of_truth(i);
        errors.splits += std::ranges::count_if(pairs, [&](const eval::Pair& pair) {
                             return overlaps.precision(pair) > kMostlyInside;
                         }) > 1;
        errors.near_misses += std::ranges::any_of(
            pairs, [&](const eval::Pair& pair) { return overlaps.iou(pair) >= kNearIou; });
    }
    for (std::size_t i = 0; i < result.finding_fates.size(); ++i) {
        if (result.finding_fates[i] != eval::Fate::unmatched) continue;
        ++errors.false_alarms;
        errors.merges += std::ranges::count_if(overlaps.of_finding(i), [&](const eval::Pair& pair) {
                             return overlaps.recall(pair) > kMostlyInside;
                         }) > 1;
    }
    return errors;
}

void draw_fate(Image& image, const eval::Sample& sample, const eval::ImageResult& result,
               eval::Fate fate, image::Colour truth_colour, image::Colour finding_colour) {
    std::vector<image::Shape> truths;
    for (std::size_t i = 0; i < sample.truths.size(); ++i)
        if (result.truth_fates[i] == fate) truths.push_back({sample.truths[i].polygon, ""});
    std::vector<image::Shape> findings;
    for (std::size_t i = 0; i < sample.findings.size(); ++i)
        if (result.finding_fates[i] == fate) findings.push_back({sample.findings[i].polygon, ""});
    image::draw(image, truths, {truth_colour, 0});
    image::draw(image, findings, {finding_colour, 0});
}

void write_pictures(const std::string& folder, const std::string& path, const eval::Sample& sample,
                    const eval::ImageResult& result) {
    Image image = Image::read(path);
    draw_fate(image, sample, result, eval::Fate::ignored, kIgnored, kIgnored);
    draw_fate(image, sample, result, eval::Fate::matched, kRight, kRight);
    draw_fate(image, sample, result, eval::Fate::unmatched, kMissed, kFalse);
    image.write(folder + "/full/" + sample.name + ".jpg");
    Image small(kThumbnailWidth, std::max(1, image.height() * kThumbnailWidth / image.width()));
    cv::Mat target = image::matrix_of(small);
    cv::resize(image::matrix_of(image), target, target.size(), 0, 0, cv::INTER_AREA);
    small.write(folder + "/small/" + sample.name + ".jpg");
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '%' || c == '#')
            result += core::concat("&#", static_cast<int>(c), ";");
        else
            result += c;
    }
    return result;
}

std::string card(const eval::Sample& sample, const Errors& errors) {
    const std::string name = escaped(sample.name);
    return core::concat(
        "<a class=\"card\" href=\"full/", name, ".jpg\" data-name=\"", name, "\" data-misses=\"",
        errors.misses, "\" data-false=\"", errors.false_alarms, "\" data-errors=\"",
        errors.misses + errors.false_alarms, "\" data-split=\"", errors.splits, "\" data-merge=\"",
        errors.merges, "\" data-near=\"", errors.near_misses,
        "\"><img loading=\"lazy\" src=\"small/", name, ".jpg\" alt=\"\"><b>", name, "</b><br>",
        errors.misses, " missed (", errors.near_misses, " near, ", errors.splits, " split), ",
        errors.false_alarms, " false (", errors.merges, " merged)</a>\n");
}

constexpr const char* kHead = R"(<!doctype html><html lang="en"><meta charset="utf-8">
<title>Text detection errors</title><style>
body{font:14px sans-serif;margin:20px;color:#222;background:#fafafa}
#cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:14px}
.card{background:#fff;border:1px solid #ddd;border-radius:6px;padding:8px;color:inherit;
text-decoration:none}.card img{width:100%;display:block;margin-bottom:6px}
i{font-style:normal;font-weight:bold}</style>
<h1>Text detection errors</h1>)";

constexpr const char* kLegend = R"(<p><i style="color:#2e933c">right</i>,
<i style="color:#e6283c">missed</i>, <i style="color:#e08000">false</i>,
<i style="color:#888">don't care</i>. A click shows the full size.
Sort by <select id="key"><option value="errors">errors<option value="misses">missed
<option value="false">false<option value="near">near misses<option value="split">split
<option value="merge">merged<option value="name">name</select></p><div id="cards">
)";

constexpr const char* kTail = R"(</div><script>
const key=document.getElementById('key'),cards=document.getElementById('cards');
function sort(){const k=key.value,by=(a,b)=>k==='name'?0:b.dataset[k]-a.dataset[k];
cards.append(...[...cards.children].sort((a,b)=>by(a,b)||a.dataset.name.localeCompare(
b.dataset.name,undefined,{numeric:true})));}
key.onchange=sort;sort();</script></html>
)";

}  // namespace

void write_report(const std::string& folder, const data::Dataset& data,
                  const Validation& validation) {
    fs::create_directories(folder + "/full");
    fs::create_directories(folder + "/small");
    std::map<std::string, std::string> paths;
    for (const data::LabelledImage& image : data.images())
        paths[fs::path(image.image).stem().string()] = image.image;
    const eval::Figures figures = validation.totals.figures();
    std::string html = core::concat(kHead, "<p>", validation.results.size(), " images: precision ",
                                    figures.precision, ", recall ", figures.recall, ", hmean ",
                                    figures.hmean, "</p>", kLegend);
    for (std::size_t i = 0; i < validation.results.size(); ++i) {
        const eval::Sample& sample = validation.evaluation.samples()[i];
        const eval::ImageResult& result = validation.results[i];
        write_pictures(folder, paths.at(sample.name), sample, result);
        html += card(sample, errors_of(validation.evaluation.overlaps()[i], result));
    }
    core::write_file(folder + "/index.html", html + kTail);
}

}  // namespace dbnet::app
