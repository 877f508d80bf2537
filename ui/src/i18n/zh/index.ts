// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import access from './access.json';
import apps from './apps.json';
import common from './common.json';
import config from './config.json';
import deploy from './deploy.json';
import forms from './forms.json';
import home from './home.json';
import login from './login.json';
import pods from './pods.json';
import problem from './problem.json';
import revisions from './revisions.json';
import run from './run.json';
import status from './status.json';
import studio from './studio.json';
import system from './system.json';
import topology from './topology.json';

export default { access, apps, common, config, deploy, forms, home, login, pods, problem, revisions, run, status, studio, system, topology } as const;
