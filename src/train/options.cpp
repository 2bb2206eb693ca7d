#include "train/options.hpp"

#include <algorithm>
#include <string_view>

#include "core/error.hpp"
#include "train/option_fields.hpp"

namespace dbnet::train {
namespace {

std::string expected(const Range& range) {
    if (!range.above_low && !range.below_high)
        return core::concat(", expected from ", range.low, " to ", range.high);
    return core::concat(", expected ", range.above_low ? "more than " : "at least ", range.low,
                        range.below_high ? " and less than " : " and at most ", range.high);
}

/// Notes the options that are outside their ranges.
class RangeCheck {
public:
    RangeCheck(std::string path, std::vector<OptionProblem>& found)
        : path_(std::move(path)), found_(found) {}

    template <typename Visit>
    void section(std::string_view name, Visit visit) {
        RangeCheck inner(core::concat(path_, name, '.'), found_);
        visit(inner);
    }

    template <typename Number>
    void number(std::string_view name, Number value, const Range& range) {
        const auto x = static_cast<double>(value);
        const bool inside = (range.above_low ? x > range.low : x >= range.low) &&
                            (range.below_high ? x < range.high : x <= range.high);
        if (!inside) refuse(name, core::concat("is ", value, expected(range)));
    }
    void number(std::string_view name, const std::vector<double>& values, const Range& range) {
        for (const double value : values) number(name, value, range);
        if (!std::ranges::is_sorted(values)) refuse(name, "does not ascend");
    }

    void numbers(std::string_view name, const std::map<std::string, double>& values,
                 const Range& range) {
        for (const auto& [key, value] : values) number(core::concat(name, '.', key), value, range);
    }

    void interval(std::string_view name, double low, double high, const Range& range) {
        number(name, low, range);
        number(name, high, range);
        if (low > high) refuse(name, core::concat("begins at ", low, ", above its end ", high));
    }

    template <std::size_t Size>
    void word(std::string_view name, const std::string& text,
              const std::array<std::string_view, Size>& words) {
        if (std::ranges::find(words, text) == words.end())
            refuse(name, core::concat("is '", text, "'"));
    }

    template <typename Value>
    void value(std::string_view, const Value&) {}

    void value(std::string_view name, const data::Size& size) {
        const Range range{16, 16384};
        number(name, size.width, range);
        number(name, size.height, range);
    }

    void value(std::string_view name, const detect::InputSpec& input) {
        for (const float mean : input.mean)
            number(core::concat(name, ".mean"), mean, Range{-1000, 1000});
        for (const float std : input.std)
            number(core::concat(name, ".std"), std, Range{0, 1000, true});
    }

    void value(std::string_view name, const std::vector<data::DatasetSpec>& data) {
        for (std::size_t i = 0; i < data.size(); ++i)
            number(core::concat(name, '[', i, "].weight"), data[i].weight, Range{0, 1000, true});
    }

private:
    void refuse(std::string_view name, std::string text) {
        found_.push_back({core::concat(path_, name), std::move(text)});
    }

    std::string path_;
    std::vector<OptionProblem>& found_;
};

/// What no option is alone to blame for.
void check_together(const TrainOptions& o, std::vector<OptionProblem>& found) {
    const auto refuse = [&](const char* key, std::string text) {
        found.push_back({key, std::move(text)});
    };
    const model::NetworkOptions& network = o.start.network;
    const data::TargetOptions& targets = o.sample.targets;
    const auto is_unlabelled = [](const data::DatasetSpec& spec) {
        return spec.format == data::kUnlabelled;
    };
    if (o.distill.model.empty() && std::ranges::any_of(o.data, is_unlabelled))
        refuse("data.train",
               "has images without labels (format: unlabelled), which only a teacher "
               "can teach (distill.model)");
    if (std::ranges::any_of(o.validation.data, is_unlabelled))
        refuse("data.val",
               "has images without labels (format: unlabelled), with which nothing can "
               "be compared");
    if (o.start.network_of_init && o.start.init.empty())
        refuse("model.backbone", "is init, but init names no file");
    if (network.inner % 4 != 0)
        refuse("model.inner", core::concat("is ", network.inner, ", expected a multiple of 4"));
    if (network.serial && !network.threshold_branch)
        refuse("model.serial", "is true, but there is no threshold branch");
    if (targets.threshold_low >= targets.threshold_high)
        refuse("targets.threshold_low",
               core::concat("is ", targets.threshold_low, ", expected less than threshold_high, ",
                            targets.threshold_high));
    if (o.schedule.warmup > 0 && o.schedule.warmup >= o.epochs)
        refuse("schedule.warmup",
               core::concat("is ", o.schedule.warmup, ", expected less than epochs, ", o.epochs));
    if (o.schedule.kind == ScheduleOptions::Kind::step && o.schedule.milestones.empty())
        refuse("schedule.milestones", "is empty, but the schedule is step");
    if (o.precision == Precision::f16 && o.device == "cpu")
        refuse("precision", "is f16, which needs device: cuda; expected f32 or bf16 on a CPU");
}

}  // namespace

std::vector<OptionProblem> problems(const TrainOptions& options) {
    std::vector<OptionProblem> found;
    RangeCheck ranges("", found);
    visit_options(ranges, options);
    check_together(options, found);
    return found;
}

void check(const TrainOptions& options) {
    const std::vector<OptionProblem> found = problems(options);
    if (!found.empty())
        core::fail(ErrorCode::invalid_argument, found.front().key, ' ', found.front().text);
}

}  // namespace dbnet::train
