/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/candidates.h"

#include "base/json/json.h"

void
vm_signal_each_candidate (
    const VmSignal *description, VmCandidateFunc func, gpointer user_data)
{
  VmJson json;

  if (!description->candidates.size
      || !vm_json_read (&json, description->candidates.data,
          description->candidates.size, NULL))
    return;
  for (VmJsonNode e = vm_json_first (&json, 0); e != VM_JSON_NONE;
       e = vm_json_next (&json, e)) {
    g_autoptr (VmSignal) candidate = vm_signal_new (VM_SIGNAL_CANDIDATE);

    if (vm_json_type (&json, e) != VM_JSON_OBJECT)
      continue;
    candidate->from = g_strdup (description->from);
    candidate->object = vm_json_span (&json, e);
    func (user_data, candidate);
  }
}
