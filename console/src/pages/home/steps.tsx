/** How to begin, in commands to copy. */
import { Panel } from "../../ui/controls";
import { Command } from "../../ui/copy";

const STEPS: readonly (readonly [string, string])[] = [
  ["Any AWS client in this shell: endpoint, region and keys", 'eval "$(trainyard env)"\naws s3 mb s3://models'],
  ["Both roles of the tutorial's Setup (or by hand: IAM, Create role)", "trainyard init"],
  ["The tutorial's notebook, which trains, deploys and asks a model", "trainyard notebook --folder examples/mnist"],
  ["All of it at once, in C++: MNIST from the data to an endpoint", "script/demo"],
];

export function FirstSteps() {
  return (
    <Panel title="First steps">
      <ol className="home-steps">
        {STEPS.map(([about, command]) => <li key={command}><span>{about}</span><Command>{command}</Command></li>)}
      </ol>
    </Panel>
  );
}
