/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtrustfacts.h>

VmTrustFacts *vm_trust_facts_copy (const VmTrustFacts *facts);
VmTrustFacts *vm_trust_facts_new (const gchar *device_id);
