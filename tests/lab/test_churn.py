#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hundred join a meeting and leave it, every second one by being killed; the
host is afterwards what it was before."""

import churn
import lab


class Churn(lab.LabTest):
    hosts = 1 + churn.FEW
    avahi = False

    def test_hundred(self):
        host, few, many = churn.measure(self.lab)
        print(f"after 10: {few}; after 110: {many}", flush=True)
        self.assertLessEqual(many["threads"], few["threads"])
        self.assertLessEqual(many["descriptors"], few["descriptors"])
        self.assertLessEqual(many["KiB"], few["KiB"] * 1.1)
        joined = host.events("participant-joined")
        self.assertEqual(len(joined), churn.FEW + churn.MANY)
        self.assertEqual(len({j["id"] for j in joined}),
                         churn.FEW + churn.MANY)
        # alone, and ready for the next
        self.assertEqual(host.events("meeting-state-changed")[-1]["new"],
                         "idle")
        churn.join_and_leave(self.lab, host, 1)
        self.assertEqual(host.stop(), 0)


if __name__ == "__main__":
    lab.main()
