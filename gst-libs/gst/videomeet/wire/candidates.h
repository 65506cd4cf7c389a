/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

typedef void (*VmCandidateFunc) (gpointer user_data, const VmSignal *candidate);

/* The candidates that came with a description, each as a message of its own
 * from the same participant. */
void vm_signal_each_candidate (
    const VmSignal *description, VmCandidateFunc func, gpointer user_data);
