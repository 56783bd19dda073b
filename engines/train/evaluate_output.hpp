// How an evaluation is shown (docs/formats/training-plan.md).
#pragma once

#include "train/evaluate.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace suan::train {

std::string evaluation_text(const std::vector<EvaluatedRow>& rows);
boost::json::object evaluation_json(const std::vector<EvaluatedRow>& rows);

}  // namespace suan::train
