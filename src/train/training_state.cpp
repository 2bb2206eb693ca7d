#include "train/training_state.hpp"

#include <sstream>

#include "core/error.hpp"
#include "core/file.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;

template <typename Action>
void for_each_value(const GraphModule& module, const Action& action) {
    std::size_t number = 0;
    for (const auto* values : {&module.weights(), &module.statistics()})
        for (const auto& [name, tensor] : *values) action(std::to_string(number++), name, tensor);
}

/// One row per field: the archive's key and the field.
template <typename ProgressType, typename Action>
void for_each_field(ProgressType& progress, const Action& action) {
    action("step", progress.step);
    action("samples", progress.samples);
    action("best_hmean", progress.best_hmean);
    action("best_loss", progress.best_loss);
    action("box_threshold", progress.box_threshold);
    action("validated", progress.validated);
    action("since_best", progress.since_best);
    action("loss_scale", progress.loss_scale);
    action("good_steps", progress.good_steps);
    action("skipped", progress.history.skipped);
    action("skipped_in_a_row", progress.history.in_a_row);
    action("returns", progress.history.returns);
    action("epoch_size", progress.epoch_size);
    action("settled_precision", progress.settled_precision);
    action("settled_for", progress.settled_for);
}

template <typename Field>
constexpr torch::ScalarType kFieldType =
    std::is_floating_point_v<Field> ? torch::kFloat64 : torch::kInt64;

}  // namespace

void save_state(const std::string& path, const Progress& progress, const Optimizer& optimizer,
                const GraphModule& module, bool weights) {
    torch::serialize::OutputArchive archive;
    for_each_field(progress, [&](const char* key, auto field) {
        using Stored =
            std::conditional_t<std::is_floating_point_v<decltype(field)>, double, std::int64_t>;
        archive.write(key, torch::tensor(static_cast<Stored>(field), kFieldType<decltype(field)>));
    });
    archive.write("losses", torch::tensor(progress.history.losses, torch::kFloat64));
    torch::serialize::OutputArchive optimizer_archive;
    optimizer.save(optimizer_archive);
    archive.write("optimizer", optimizer_archive);
    if (weights) {
        torch::serialize::OutputArchive values;
        for_each_value(module, [&](const std::string& key, const std::string&,
                                   const Tensor& tensor) { values.write(key, tensor.detach()); });
        archive.write("weights", values);
    }
    std::ostringstream bytes;
    archive.save_to(bytes);
    core::write_file(path, bytes.view());
}

Progress load_state(const std::string& path, Optimizer& optimizer, GraphModule& module,
                    bool weights) {
    const torch::NoGradGuard no_gradient;
    const std::vector<std::uint8_t> bytes = core::read_file(path);
    Progress progress;
    try {
        torch::serialize::InputArchive archive;
        archive.load_from(reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                          module.weights().begin()->second.device());
        for_each_field(progress, [&](const char* key, auto& field) {
            using Field = std::remove_reference_t<decltype(field)>;
            Tensor value;
            if (!archive.try_read(key, value)) return;  // younger than the checkpoint
            if constexpr (std::is_floating_point_v<Field>)
                field = value.item<double>();
            else
                field = static_cast<Field>(value.item<std::int64_t>());
        });
        Tensor losses;
        if (archive.try_read("losses", losses)) {
            losses = losses.cpu().contiguous();
            progress.history.losses.assign(losses.data_ptr<double>(),
                                           losses.data_ptr<double>() + losses.numel());
        }
        torch::serialize::InputArchive optimizer_archive;
        archive.read("optimizer", optimizer_archive);
        optimizer.load(optimizer_archive);
        if (weights) {
            torch::serialize::InputArchive values;
            archive.read("weights", values);
            for_each_value(
                module, [&](const std::string& key, const std::string& name, Tensor tensor) {
                    Tensor value;
                    values.read(key, value);
                    if (value.sizes() != tensor.sizes())
                        core::fail(ErrorCode::malformed, path, ": '", name, "' has other extents");
                    tensor.copy_(value);
                });
        }
    } catch (const c10::Error& error) {
        core::fail(ErrorCode::malformed, path, ": ", error.what_without_backtrace());
    }
    return progress;
}

}  // namespace dbnet::train
