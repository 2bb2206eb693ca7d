#include "cli/train_options.hpp"

#include "cli/command.hpp"

namespace dbnet::cli {

std::shared_ptr<TrainArguments> add_train_options(CLI::App& app) {
    const auto arguments = std::make_shared<TrainArguments>();
    app.add_option("SETTINGS", arguments->settings,
                   "a configuration in YAML, and settings over it: key=value")
        ->type_name("");
    add_data_options(app, arguments->data)->required(false);
    app.add_option("--init", arguments->init,
                   "weights to start from: .pth, .onnx, a run or a checkpoint")
        ->type_name("FILE");
    app.add_option("--name", arguments->name,
                   "of the run's folder in runs/train; default: the configuration's")
        ->type_name("NAME");
    app.add_option("--out", arguments->out, "the run's folder itself")->type_name("DIR");
    app.add_flag("--fresh", arguments->fresh, "move an older run in that folder aside");
    app.add_option("--device", arguments->device, "auto, cpu or cuda")->type_name("NAME");
    app.add_option("--threads", arguments->threads, "threads that compute; 0: all cores")
        ->type_name("N");
    app.add_option("--workers", arguments->workers,
                   "threads that make samples; 0: chosen from the machine")
        ->type_name("N");
    set_examples(app, "dbnet train my.yaml",
                 "dbnet train my.yaml epochs=3 optimizer.rate=5e-4 --name trial",
                 "dbnet train --data photos --labels gts --init det.onnx epochs=2");
    return arguments;
}

}  // namespace dbnet::cli
