/** `/images`: the images of which executions ended, how many passed, and how the last ones did. */
import { getRouteApi, Link } from "@tanstack/react-router";
import type { components } from "../api/schema";
import { duration } from "../ui/duration";
import { Empty } from "../ui/empty";
import { Table } from "../ui/table";
import { At } from "../ui/time";
import { useTitle } from "../ui/title";
import { Reading } from "./acting/reading";
import { Incomplete } from "./images/incomplete";
import { LastBar } from "./images/last-bar";
import { rateWords } from "./images/outcome";
import { RANGES, type Range, rangeOf } from "./images/range";
import { RangeLinks } from "./images/range-links";
import { useImages } from "./images/use-images";
import "./images/images.css";

type Image = components["schemas"]["ImageOutcome"];

const route = getRouteApi("/frame/images");
const COLUMNS = ["Image", "Pass rate", "The last 20", "Executions", "Half within", "95 % within", "Last"];

export default function Images() {
  const range = rangeOf(route.useSearch().range);
  const images = useImages(range);
  useTitle("Images");
  return (
    <>
      <div className="image-head">
        <h1>Images</h1>
        <RangeLinks range={range} />
      </div>
      <Reading of={images}>
        {(list) => (
          <>
            <Incomplete of={list} />
            {list.images.length === 0 ? <Nothing range={range} /> : <ImageTable images={list.images} range={range} />}
            {list.more && <p>These are the {list.images.length} that ended last; there are others.</p>}
          </>
        )}
      </Reading>
    </>
  );
}

function ImageTable({ images, range }: { images: readonly Image[]; range: Range }) {
  return (
    <Table label="Images" columns={COLUMNS}>
      {images.map((image) => (
        <tr key={image.image}>
          <td className="image-name">
            <Link to="/images/$image" params={{ image: image.image }} search={{ range }}>
              <bdi>{image.image}</bdi>
            </Link>
          </td>
          <td className="image-figure">{rateWords(image.passRate)}</td>
          <td>
            <LastBar last={image.last} />
          </td>
          <td className="image-figure">{image.executions.toLocaleString()}</td>
          <td className="image-figure">{image.p50Ms !== undefined && duration(image.p50Ms)}</td>
          <td className="image-figure">{image.p95Ms !== undefined && duration(image.p95Ms)}</td>
          <td>
            <At time={image.lastEndedAt} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Nothing({ range }: { range: Range }) {
  return (
    <Empty title={`Nothing ended in the last ${RANGES[range]} days`}>
      <p>
        Once something has, its image is here with its pass rate. <Link to="/executions">Executions</Link>
      </p>
    </Empty>
  );
}
