#include "cli/train_settings.hpp"

#include "cli/exit.hpp"

namespace dbnet::cli {
namespace {

/// The data sets of the command line instead of the configuration's. Without --split, what is in
/// the holdout is for validation.
void use_data(const DataArguments& arguments, app::TrainConfig& config) {
    train::TrainOptions& options = config.options;
    options.data = specs_of(arguments);
    if (!arguments.split) {
        options.validation.data = options.data;
        for (data::DatasetSpec& spec : options.data) spec.split = data::Split::train;
        for (data::DatasetSpec& spec : options.validation.data) spec.split = data::Split::holdout;
    }
    config.effective = app::write_train_options(options);
}

}  // namespace

app::TrainConfig read_settings(const std::vector<std::string>& settings,
                               const std::vector<std::string>& assignments,
                               const DataArguments& data) {
    std::string file;
    std::vector<std::string> all;
    for (const std::string& text : settings) {
        if (text.find('=') != std::string::npos)
            all.push_back(text);
        else if (file.empty())
            file = text;
        else
            throw Exit(kUsage, "two configuration files: " + file + " and " + text);
    }
    all.insert(all.end(), assignments.begin(), assignments.end());
    return or_exit(kUnusable, [&] {
        app::TrainConfig config = app::read_train_config(file, all);
        if (!data.data.empty()) use_data(data, config);
        return config;
    });
}

}  // namespace dbnet::cli
