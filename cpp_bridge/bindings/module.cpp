// infusion_core._native: hands each concept to its own file.
#include "bindings.hpp"

PYBIND11_MODULE(_native, module) {
    module.doc() = "Splices pixels into EXR files and reads regions of them; see docs/bridge.md.";
    infusion::bind_errors(module);
    infusion::bind_splice(module);
    infusion::bind_region(module);
}
