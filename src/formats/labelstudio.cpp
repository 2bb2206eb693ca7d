// Label Studio's export in JSON: a list of tasks, of which the first annotation that is not
// cancelled counts. A text is one or several results with the same id: its shape, its labels, its
// transcription. Positions are percent of the image; a rectangle turns about its top-left corner,
// in degrees, clockwise on screen.
#include <algorithm>
#include <filesystem>
#include <map>
#include <numbers>
#include <optional>

#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/shapes.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr double kMostPercent = 1e6;

/// One region, put together from its results.
struct Parts {
    std::optional<Polygon> polygon;
    std::optional<float> score;
    std::string text;
    bool illegible = false;
};

/// The first string of a list, or the string.
std::string first_text(const Json& value, const char* key) {
    const Json* found = find(value, key);
    if (found != nullptr && found->is_array() && !found->empty()) found = &found->front();
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

/// A path or URL as the name of the image: without a query, %20 decoded, below what servers put
/// before it.
std::string name_of(std::string url) {
    if (const std::size_t query = url.find("?d="); query != url.npos) url = url.substr(query + 3);
    url = url.substr(0, url.find('?'));
    if (const std::size_t scheme = url.find("://"); scheme != url.npos)
        url = url.substr(std::min(url.find('/', scheme + 3), url.size()));
    std::string name;
    for (std::size_t i = 0; i < url.size(); ++i) {
        const auto digit = [&](std::size_t at) {
            const std::size_t value =
                std::string_view("0123456789abcdef").find(lower(url.substr(at, 1)));
            return value;
        };
        if (url[i] == '%' && i + 2 < url.size() && digit(i + 1) < 16 && digit(i + 2) < 16) {
            name += static_cast<char>(16 * digit(i + 1) + digit(i + 2));
            i += 2;
        } else {
            name += url[i];
        }
    }
    return name.substr(std::min(name.find_first_not_of('/'), name.size()));
}

/// The name without the eight digits that an upload put before it.
std::string without_hash(const std::string& name) {
    const std::string file = std::filesystem::path(name).filename().string();
    const std::size_t dash = file.find('-');
    return dash == 8 && file.find_first_not_of("0123456789abcdef") == dash ? file.substr(dash + 1)
                                                                           : file;
}

class Task {
public:
    Task(const Json& json, const Where& where, const RecordSink& sink)
        : json_(json), where_(where), sink_(sink) {}

    Record read() {
        name();
        if (const Json* annotation = chosen()) {
            std::size_t index = 0;
            for (const Json& result :
                 array(member(*annotation, "result", where_), where_["result"]))
                sink_.part([&] { add(result, where_.in("result", index++)); });
        }
        for (const std::string& id : order_) {
            Parts& parts = parts_[id];
            if (!parts.polygon) continue;
            RecordRegion region;
            region.polygon = std::move(*parts.polygon);
            region.score = parts.score;
            region.text = std::move(parts.text);
            region.ignore = parts.illegible || is_illegible(region.text);
            RecordSink::add(record_, std::move(region));
        }
        return std::move(record_);
    }

private:
    void name() {
        const Json& data = member(json_, "data", where_);
        const Json* image = nullptr;
        for (const char* key : {"image", "ocr", "img", "captioning"})
            if (image == nullptr) image = find(data, key);
        if (data.is_object())
            for (const Json& value : data)
                if (image == nullptr && value.is_string()) image = &value;
        if (image == nullptr || !image->is_string()) fail_in(where_["data"], "names no image");
        record_.image = name_of(image->get<std::string>());
        record_.aliases.push_back(without_hash(record_.image));
        const std::string uploaded = string_or_empty(json_, "file_upload", where_);
        if (!uploaded.empty())
            record_.aliases.insert(record_.aliases.end(), {uploaded, without_hash(uploaded)});
    }

    const Json* chosen() {
        const Json* annotations = find(json_, "annotations");
        if (annotations == nullptr) annotations = find(json_, "completions");
        if (annotations == nullptr) return nullptr;
        const Json* first = nullptr;
        for (const Json& annotation : array(*annotations, where_["annotations"])) {
            if (flag(annotation, "was_cancelled", where_))
                sink_.ignore("a cancelled annotation");
            else if (first == nullptr)
                first = &annotation;
            else
                sink_.ignore("a second annotation of a task");
        }
        return first;
    }

    void add(const Json& result, const Where& where) {
        const std::string type = string_or_empty(result, "type", where);
        const Json* value = find(result, "value");
        if (value == nullptr || !value->is_object())
            return sink_.ignore("a result without a value");
        std::string id = string_or_empty(result, "id", where);
        if (id.empty()) id = core::concat("result ", order_.size());
        if (parts_.emplace(id, Parts{}).second) order_.push_back(id);
        Parts& parts = parts_[id];
        if (type.starts_with("brush") || type.starts_with("ellipse") ||
            type.starts_with("keypoint") || type.starts_with("vector"))
            sink_.ignore("a result of the type " + type);
        else if (!parts.polygon && value->contains("points"))
            parts.polygon = polygon(*value, result, where);
        else if (!parts.polygon && value->contains("width"))
            parts.polygon = rectangle(*value, result, where);
        if (type == "textarea") parts.text = first_text(*value, "text");
        for (const char* key : {"labels", "rectanglelabels", "polygonlabels", "choices"})
            parts.illegible = parts.illegible || is_illegible_label(first_text(*value, key));
        if (const Json* meta = find(result, "meta"); meta != nullptr && parts.text.empty())
            parts.text = first_text(*meta, "text");
        parts.score = score(result, where);
    }

    /// Pixels in a percent of each side; 1/100 where the size is not known.
    Point unit(const Json& result, const Where& where) {
        const int width = size_or_0(result, "original_width", where);
        const int height = size_or_0(result, "original_height", where);
        if (width == 0 || height == 0) {
            record_.relative = true;
            return {0.01, 0.01};
        }
        record_.width = width;
        record_.height = height;
        return {width / 100.0, height / 100.0};
    }

    Polygon rectangle(const Json& value, const Json& result, const Where& where) {
        const Where place = where["value"];
        const auto percent = [&](const char* key) {
            return number(member(value, key, place), -kMostPercent, kMostPercent, place[key]);
        };
        const Point scale = unit(result, where);
        const Rect box{percent("x") * scale.x, percent("y") * scale.y, percent("width") * scale.x,
                       percent("height") * scale.y};
        const double degrees = find(value, "rotation") == nullptr ? 0 : percent("rotation");
        if (degrees != 0 && record_.relative)
            fail_in(where, "is turned, and the size of the image is not known");
        return turned(box, degrees * std::numbers::pi / 180, {box.x, box.y});
    }

    Polygon polygon(const Json& value, const Json& result, const Where& where) {
        const Where place = where["value"];
        Polygon polygon = points(member(value, "points", place), 3, place["points"]);
        const Point scale = unit(result, where);
        for (Point& point : polygon) point = {point.x * scale.x, point.y * scale.y};
        return polygon;
    }

    const Json& json_;
    const Where& where_;
    const RecordSink& sink_;
    Record record_;
    std::map<std::string, Parts> parts_;
    std::vector<std::string> order_;
};

void read(const Input& input, const RecordSink& sink) {
    constexpr std::string_view kTasks[] = {"*"};
    const Where file(input.path);
    const auto take = [&](JsonItem&& item) {
        sink.part([&] {
            const Where where = file[item.index];
            sink(Task(item.value, where, sink).read());
        });
    };
    if (!stream_json(input, kTasks, take)[0]) fail_in(file, "expected a list of tasks");
}

Likeness recognise(const Sample& sample) {
    for (const char* path : {"/[]/annotations []", "/[]/completions []"})
        if (sample.has(" []") && sample.has(path)) return {95, "a list of tasks with annotations"};
    return {};
}

}  // namespace

constinit const Format kLabelstudioFormat{
    .name = "labelstudio",
    .prefix = "",
    .extension = ".json",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "Label Studio, export JSON",
    .illegible = "label Illegible or Ignore, `###`"};

}  // namespace dbnet::formats
